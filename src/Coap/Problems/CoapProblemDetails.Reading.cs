using System;
using System.Collections.Generic;

namespace Flint.Coap;

// The way from bytes.
public sealed partial class CoapProblemDetails
{
    /// <summary>Reads problem details. Lengths may be indefinite and integers longer than they need to be, as RFC 8949 allows; keys that are not known are kept, those beyond 63 bits dropped.</summary>
    /// <param name="cbor">The payload.</param>
    /// <param name="details">The details; null unless the result is <see cref="CoapProblemStatus.Ok"/>.</param>
    public static CoapProblemStatus TryRead(ReadOnlySpan<byte> cbor, out CoapProblemDetails? details)
    {
        details = null;
        var reader = new CborReader(cbor);
        CoapProblemStatus status = reader.TryReadHead(out CborHead map);
        if (status != CoapProblemStatus.Ok)
        {
            return status;
        }

        if (map.Major != CborReader.Map)
        {
            return CoapProblemStatus.NotAMap;
        }

        var parts = new Parts();
        for (int i = 0; ; i++)
        {
            status = reader.TryNext(map, i, out bool isNext);
            if (status != CoapProblemStatus.Ok)
            {
                return status;
            }

            if (!isNext)
            {
                break;
            }

            status = i == MaxEntries ? CoapProblemStatus.TooManyEntries : parts.TryReadEntry(ref reader, cbor);
            if (status != CoapProblemStatus.Ok)
            {
                return status;
            }
        }

        if (!reader.IsAtEnd)
        {
            return CoapProblemStatus.TrailingBytes;
        }

        details = parts.IsEmpty ? null : parts.Build();
        return parts.IsEmpty ? CoapProblemStatus.NotAMap : CoapProblemStatus.Ok;
    }

    /// <summary>RFC 9290 appendix A.2: <c>[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*</c>.</summary>
    private static bool IsLanguageTag(string text)
    {
        string[] parts = text.Split('-');
        for (int i = 0; i < parts.Length; i++)
        {
            foreach (char c in parts[i])
            {
                if (!char.IsAsciiLetter(c) && (i == 0 || !char.IsAsciiDigit(c)))
                {
                    return false;
                }
            }

            if (parts[i].Length is < 1 or > 8)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What was read so far.</summary>
    private sealed class Parts
    {
        private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
        private readonly List<CoapProblemEntry> _entries = [];
        private CoapProblemText? _title;
        private CoapProblemText? _detail;
        private string? _instance;
        private CoapCode? _responseCode;
        private string? _base;
        private string? _baseLanguage;
        private CoapTextDirection? _baseDirection;
        private readonly List<CoapOptionNumber> _options = [];

        public bool IsEmpty => _keys.Count == 0;

        public CoapProblemDetails Build() => new()
        {
            Title = _title,
            Detail = _detail,
            Instance = _instance,
            ResponseCode = _responseCode,
            Base = _base,
            BaseLanguage = _baseLanguage,
            BaseDirection = _baseDirection,
            UnprocessedOptions = _options,
            Entries = _entries,
        };

        /// <summary>Reads a key and its value.</summary>
        public CoapProblemStatus TryReadEntry(ref CborReader reader, ReadOnlySpan<byte> cbor)
        {
            if (reader.NextMajor == CborReader.Text)
            {
                CoapProblemStatus status = reader.TryReadText(out string uri);
                return status != CoapProblemStatus.Ok ? status
                    : uri.Length == 0 ? CoapProblemStatus.WrongType
                    : !_keys.Add(uri) ? CoapProblemStatus.DuplicateKey
                    : TryReadOther(ref reader, cbor, null, uri);
            }

            CoapProblemStatus keyStatus = reader.TryReadHead(out CborHead key);
            if (keyStatus != CoapProblemStatus.Ok)
            {
                return keyStatus;
            }

            if (key.Major is not (CborReader.Unsigned or CborReader.Negative))
            {
                return CoapProblemStatus.WrongType;
            }

            bool isNegative = key.Major == CborReader.Negative;
            if (!_keys.Add((isNegative ? "-" : "+") + key.Argument))
            {
                return CoapProblemStatus.DuplicateKey;
            }

            long? number = key.Argument > long.MaxValue ? null : isNegative ? ~(long)key.Argument : (long)key.Argument;
            if (number is null)
            {
                return !isNegative && IsNoMap(reader.NextMajor) ? CoapProblemStatus.WrongType : reader.TrySkip(MaxDepth);
            }

            bool isKnown = isNegative && number >= LastKnownKey;
            return isKnown ? TryReadKnown(ref reader, number.Value) : TryReadOther(ref reader, cbor, number, null);
        }

        private CoapProblemStatus TryReadKnown(ref CborReader reader, long key) => key switch
        {
            TitleKey => TryReadPossiblyTagged(ref reader, out _title),
            DetailKey => TryReadPossiblyTagged(ref reader, out _detail),
            InstanceKey => reader.TryReadText(out _instance),
            ResponseCodeKey => TryReadCode(ref reader),
            BaseUriKey => reader.TryReadText(out _base),
            BaseLanguageKey => TryReadLanguage(ref reader, out _baseLanguage),
            BaseDirectionKey => TryReadDirection(ref reader, out _baseDirection),
            _ => TryReadOptions(ref reader),
        };

        private CoapProblemStatus TryReadOther(ref CborReader reader, ReadOnlySpan<byte> cbor, long? key, string? uri)
        {
            bool isStandard = key < 0;
            if (!isStandard && IsNoMap(reader.NextMajor))
            {
                return CoapProblemStatus.WrongType;
            }

            int start = reader.Position;
            CoapProblemStatus status = reader.TrySkip(MaxDepth);
            if (status == CoapProblemStatus.Ok)
            {
                byte[] value = cbor[start..reader.Position].ToArray();
                _entries.Add(uri is null ? new CoapProblemEntry(key!.Value, value) : new CoapProblemEntry(uri, value));
            }

            return status;
        }

        private CoapProblemStatus TryReadCode(ref CborReader reader)
        {
            CoapProblemStatus status = TryReadUInt(ref reader, byte.MaxValue, out ulong value);
            _responseCode = (CoapCode)value;
            return status;
        }

        private CoapProblemStatus TryReadOptions(ref CborReader reader)
        {
            if (reader.NextMajor != CborReader.Array)
            {
                return TryAddOption(ref reader);
            }

            CoapProblemStatus status = reader.TryReadHead(out CborHead array);
            for (int i = 0; status == CoapProblemStatus.Ok; i++)
            {
                status = reader.TryNext(array, i, out bool isNext);
                if (status == CoapProblemStatus.Ok && !isNext)
                {
                    return _options.Count >= 2 ? status : CoapProblemStatus.WrongType;
                }

                if (status == CoapProblemStatus.Ok)
                {
                    status = i == MaxEntries ? CoapProblemStatus.TooManyEntries : TryAddOption(ref reader);
                }
            }

            return status;
        }

        private CoapProblemStatus TryAddOption(ref CborReader reader)
        {
            CoapProblemStatus status = TryReadUInt(ref reader, ushort.MaxValue, out ulong value);
            _options.Add((CoapOptionNumber)value);
            return status;
        }

        private static CoapProblemStatus TryReadUInt(ref CborReader reader, ulong most, out ulong value)
        {
            CoapProblemStatus status = reader.TryReadHead(out CborHead head);
            bool isFine = status == CoapProblemStatus.Ok && head.Major == CborReader.Unsigned && head.Argument <= most;
            value = isFine ? head.Argument : 0;
            return isFine || status != CoapProblemStatus.Ok ? status : CoapProblemStatus.WrongType;
        }

        private static CoapProblemStatus TryReadLanguage(ref CborReader reader, out string? language)
        {
            CoapProblemStatus status = reader.TryReadText(out language);
            return status == CoapProblemStatus.Ok && !IsLanguageTag(language) ? CoapProblemStatus.InvalidText : status;
        }

        private static CoapProblemStatus TryReadDirection(ref CborReader reader, out CoapTextDirection? direction)
        {
            direction = null;
            CoapProblemStatus status = reader.TryReadHead(out CborHead head);
            if (status != CoapProblemStatus.Ok)
            {
                return status;
            }

            direction = head.Major != CborReader.Simple ? null : (ulong)head.Info switch
            {
                SimpleFalse => CoapTextDirection.LeftToRight,
                SimpleTrue => CoapTextDirection.RightToLeft,
                SimpleNull => CoapTextDirection.Auto,
                _ => null,
            };
            return direction is null ? CoapProblemStatus.WrongType : CoapProblemStatus.Ok;
        }

        /// <summary>Text, or the tag 38 with a language, a text, and perhaps a direction. The two strings may carry tags of their own, which say nothing here.</summary>
        private static CoapProblemStatus TryReadPossiblyTagged(ref CborReader reader, out CoapProblemText? text)
        {
            text = null;
            CoapProblemStatus status;
            if (reader.NextMajor != CborReader.Tag)
            {
                status = reader.TryReadText(out string plain);
                text = plain;
                return status;
            }

            status = reader.TryReadHead(out CborHead tag);
            if (status == CoapProblemStatus.Ok && tag.Argument != LanguageTaggedText)
            {
                return CoapProblemStatus.WrongType;
            }

            CborHead array = default;
            status = status == CoapProblemStatus.Ok ? reader.TryReadHead(out array) : status;
            if (status != CoapProblemStatus.Ok || array.Major != CborReader.Array || array.IsIndefinite || array.Argument is < 2 or > 3)
            {
                return status == CoapProblemStatus.Ok ? CoapProblemStatus.WrongType : status;
            }

            string? language = null;
            string value = "";
            CoapTextDirection? direction = null;
            status = TrySkipTags(ref reader);
            status = status == CoapProblemStatus.Ok ? TryReadLanguage(ref reader, out language) : status;
            status = status == CoapProblemStatus.Ok ? TrySkipTags(ref reader) : status;
            status = status == CoapProblemStatus.Ok ? reader.TryReadText(out value) : status;
            status = status == CoapProblemStatus.Ok && array.Argument == 3 ? TryReadDirection(ref reader, out direction) : status;
            text = new CoapProblemText(value, language, direction);
            return status;
        }

        /// <summary>A custom entry is a map. At the end of the bytes nothing is known yet.</summary>
        private static bool IsNoMap(int major) => major >= 0 && major != CborReader.Map;

        private static CoapProblemStatus TrySkipTags(ref CborReader reader)
        {
            CoapProblemStatus status = CoapProblemStatus.Ok;
            while (status == CoapProblemStatus.Ok && reader.NextMajor == CborReader.Tag)
            {
                status = reader.TryReadHead(out _);
            }

            return status;
        }
    }
}
