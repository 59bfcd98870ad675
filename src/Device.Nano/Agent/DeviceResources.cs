using System;
using System.Collections;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// What a device offers (docs/spec/device-agent.md section 2): functions at /f, variables at /v, observable, and a description of both at
/// /.well-known/core.
/// </summary>
internal sealed class DeviceResources
{
    private readonly ArrayList _functions = new ArrayList();
    private readonly ArrayList _variables = new ArrayList();
    private readonly Observation?[] _observations = new Observation?[MaxObservations];
    private readonly int[] _segmentOffset = new int[MaxSegments];
    private readonly int[] _segmentLength = new int[MaxSegments];
    private readonly byte[] _digits = new byte[DecimalText.MaxLength];
    private readonly DeviceBody _body = new DeviceBody();
    private byte[]? _kept;
    private uint _keptKey;
    private uint _etag;
    private int _looked;

    // The request: the options that matter, -1 where there is none, and its body.
    private int _segments;
    private int _block1;
    private int _block2;
    private int _observe;
    private int _accept;
    private uint _size;
    private uint _key;
    private byte[]? _content;
    private int _contentOffset;
    private int _contentLength;

    /// <summary>The longest body in blocks, in bytes.</summary>
    public int MaxBody = 2048;

    public void AddFunction(string name, DeviceFunction function) => _functions.Add(new Resource(name, function, null));

    public void AddVariable(string name, DeviceVariable variable) => _variables.Add(new Resource(name, null, variable));

    /// <summary>Answers a request; what stays without an answer is 5.00.</summary>
    public void Answer(CoapEndpoint endpoint, CoapReader request, DeviceUpdater? updater, long now)
    {
        byte[] buffer = endpoint.Input;
        byte refusal = ReadOptions(request, buffer);
        if (refusal != 0)
        {
            Respond(endpoint, refusal);
            return;
        }

        Resource? function = _segments == 2 && IsSegment(buffer, 0, "f") ? Find(_functions, buffer) : null;
        Resource? variable = _segments == 2 && IsSegment(buffer, 0, "v") ? Find(_variables, buffer) : null;
        bool isCore = _segments == 2 && IsSegment(buffer, 0, ".well-known") && IsSegment(buffer, 1, "core");
        bool isUpdate = _segments == 1 && IsSegment(buffer, 0, "u") && updater != null;
        bool isPost = function != null || isUpdate;
        if (!isPost && !isCore && variable == null)
        {
            Respond(endpoint, CoapCode.NotFound);
        }
        else if (request.Code != (isPost ? CoapCode.Post : CoapCode.Get))
        {
            Respond(endpoint, CoapCode.MethodNotAllowed);
        }
        else if (_accept >= 0 && _accept != (isCore ? LinkFormat : TextPlain))
        {
            // Nothing runs for a format that a resource has not [D-02].
            Respond(endpoint, CoapCode.NotAcceptable);
        }
        else if (variable != null)
        {
            Read(endpoint, request, buffer, variable);
        }
        else if (isCore)
        {
            if (IsKept || Keep(Links(), _key))
            {
                WriteBlock(endpoint, null, LinkFormat, -1);
            }
        }
        else if (!TakeBody(endpoint, request, now))
        {
            // It has been answered.
        }
        else if (function != null)
        {
            Call(endpoint, function);
        }
        else
        {
            // An update that the server pushes (section 4): the manifest; the engine's answer as a number.
            OtaStatus status = updater!.TakeOffer(_content!, _contentOffset, _contentLength, now);
            RespondNumber(endpoint, status == OtaStatus.Ok ? CoapCode.Changed : CoapCode.Forbidden, (int)status);
        }

        _content = null; // the body has been used
    }

    /// <summary>
    /// Sends one notification for a variable whose value has changed since its observer last heard of it. A round looks at each observation once, so that a
    /// value which changes with each reading does not keep the device from everything else.
    /// </summary>
    /// <returns>Whether the output has something to write; call again after that. False ends the round.</returns>
    public bool Notify(CoapEndpoint endpoint)
    {
        while (_looked < MaxObservations)
        {
            int index = _looked++;
            Observation? observation = _observations[index];
            if (observation == null)
            {
                continue;
            }

            string? value = TryRead(observation.Variable);
            if (value != observation.LastValue)
            {
                observation.LastValue = value;
                observation.Sequence = (observation.Sequence + 1) & MaxSequence;
                if (value != null)
                {
                    // No larger than its observer's request asked for (RFC 7959 section 3.4).
                    _block2 = observation.Block;
                    WriteValue(endpoint, observation, value, observation.Key, observation.Sequence);
                }

                if (endpoint.OutputCount == 0)
                {
                    // An error ends an observation (RFC 7641 section 4.2).
                    _observations[index] = null;
                    endpoint.BeginNotification(CoapCode.InternalServerError, observation.Token, observation.Token.Length);
                    endpoint.Complete();
                }

                return true;
            }
        }

        _looked = 0;
        return false;
    }

    /// <summary>Ends every observation and every body that is under way: the connection is gone.</summary>
    public void Forget()
    {
        _body.Bytes = null;
        _content = null;
        _kept = null;
        _looked = 0;
        for (int i = 0; i < MaxObservations; i++)
        {
            _observations[i] = null;
        }
    }

    /// <summary>Collects what matters; an option that must be understood and is not refuses the request (RFC 7252 section 5.4.1).</summary>
    private byte ReadOptions(CoapReader request, byte[] buffer)
    {
        _segments = 0;
        _block1 = -1;
        _block2 = -1;
        _observe = -1;
        _accept = -1;
        _size = 0;
        _key = 0;
        while (request.NextOption())
        {
            int number = request.OptionNumber;
            int length = request.OptionLength;
            request.TryGetOptionUInt(out uint value);
            switch (number)
            {
                case CoapOptionNumber.UriPath:
                    if (_segments < MaxSegments)
                    {
                        _segmentOffset[_segments] = request.OptionOffset;
                        _segmentLength[_segments] = length;
                    }

                    _segments++;
                    break;
                case CoapOptionNumber.Observe:
                    _observe = length <= 3 && value <= 1 ? (int)value : -1;
                    continue;
                case CoapOptionNumber.Block1 when length <= 3:
                    _block1 = (int)value;
                    continue;
                case CoapOptionNumber.Block2 when length <= 3:
                    _block2 = (int)value;
                    continue;
                case CoapOptionNumber.Size1:
                    _size = value;
                    break;
                case CoapOptionNumber.UriHost:
                case CoapOptionNumber.UriPort:
                case CoapOptionNumber.UriQuery:
                    break;
                case CoapOptionNumber.Accept when length <= 2:
                    _accept = (int)value;
                    break;
                default:
                    if (CoapOptionNumber.IsCritical(number))
                    {
                        return CoapCode.BadOption;
                    }

                    break;
            }

            if ((number & NoCacheKeyMask) != NoCacheKey)
            {
                _key = OtaCrc32C.Append(_key ^ (uint)((number << 16) | length), buffer, request.OptionOffset, length);
            }
        }

        return 0;
    }

    /// <summary>Takes the block of a body that comes in several (section 2.1).</summary>
    /// <returns>Whether the request's body is whole; else it has been answered.</returns>
    private bool TakeBody(CoapEndpoint endpoint, CoapReader request, long now)
    {
        _content = endpoint.Input;
        _contentOffset = request.PayloadOffset;
        _contentLength = request.PayloadLength;
        if (_block1 < 0)
        {
            return true;
        }

        byte code = _size > (uint)MaxBody
            ? CoapCode.RequestEntityTooLarge
            : _body.Add((uint)_block1, _key, _content, _contentOffset, _contentLength, MaxBody, now);
        if (code == CoapCode.Empty)
        {
            if (_body.Bytes != null)
            {
                _content = _body.Bytes;
                _contentOffset = 0;
                _contentLength = _body.Length;
                _body.Bytes = null;
            }

            return true;
        }

        CoapWriter writer = endpoint.BeginResponse(code);
        if (code == CoapCode.Continue)
        {
            writer.WriteOption(CoapOptionNumber.Block1, (uint)_block1);
        }
        else if (code == CoapCode.RequestEntityTooLarge)
        {
            writer.WriteOption(CoapOptionNumber.Size1, (uint)MaxBody);
        }

        endpoint.Complete();
        return false;
    }

    private void Call(CoapEndpoint endpoint, Resource function)
    {
        int result;
#pragma warning disable CA1031 // whatever the user's function throws, and where memory is short for its argument, the device answers and goes on
        try
        {
            string? argument = Utf8Text.Read(_content!, _contentOffset, _contentLength);
            if (argument == null)
            {
                Respond(endpoint, CoapCode.BadRequest);
                return;
            }

            result = function.Function!(argument);
        }
        catch (Exception)
        {
            return;
        }
#pragma warning restore CA1031

        RespondNumber(endpoint, CoapCode.Changed, result);
    }

    private void RespondNumber(CoapEndpoint endpoint, byte code, int number)
    {
        int count = DecimalText.Write(number, _digits);
        CoapWriter writer = endpoint.BeginResponse(code);
        writer.WriteOption(CoapOptionNumber.ContentFormat, (uint)TextPlain);
        if (_block1 >= 0)
        {
            writer.WriteOption(CoapOptionNumber.Block1, (uint)_block1);
        }

        writer.WritePayload(_digits, 0, count);
        endpoint.Complete();
    }

    private void Read(CoapEndpoint endpoint, CoapReader request, byte[] buffer, Resource variable)
    {
        if (IsKept)
        {
            WriteBlock(endpoint, null, TextPlain, -1);
            return;
        }

        string? value = null;
        for (int i = 0; i < MaxObservations && _block2 >= SecondBlock; i++)
        {
            // What its observer was told of is there still, whatever else was kept meanwhile.
            Observation? one = _observations[i];
            value = one != null && one.Key == _key ? one.LastValue : value;
        }

        value ??= TryRead(variable);
        int sequence = _observe >= 0 && _block2 < SecondBlock ? Observe(request, buffer, variable, value) : -1;
        if (value != null)
        {
            WriteValue(endpoint, null, value, _key, sequence);
        }
    }

    /// <summary>Registers or ends an observation (RFC 7641 section 4.1).</summary>
    /// <returns>The sequence number for the response, or -1 where there is no observation.</returns>
    private int Observe(CoapReader request, byte[] buffer, Resource variable, string? value)
    {
        int free = -1;
        for (int i = 0; i < MaxObservations; i++)
        {
            Observation? one = _observations[i];
            if (one == null || (one.Token.Length == request.TokenLength && ByteRange.FixedTimeEquals(one.Token, 0, buffer, request.TokenOffset, request.TokenLength)))
            {
                _observations[i] = null;
                free = i;
            }
        }

        // A full table answers without Observe: the client reads once (RFC 7641 section 4.1).
        if (_observe != 0 || free < 0 || value == null || request.TokenLength > MaxToken)
        {
            return -1;
        }

        byte[] token = new byte[request.TokenLength];
        Array.Copy(buffer, request.TokenOffset, token, 0, token.Length);
        _observations[free] = new Observation(token, variable) { LastValue = value, Block = _block2, Key = _key };
        return 0;
    }

    /// <summary>Whether the request asks for a later block of the body that is kept.</summary>
    private bool IsKept => _block2 >= SecondBlock && _kept != null && _keptKey == _key;

    /// <summary>Keeps a body, so that all of its blocks are of one representation.</summary>
    /// <returns>False where it is no body: longer than <see cref="MaxBody"/>, or memory is short.</returns>
    private bool Keep(string text, uint key)
    {
        _kept = DeviceBody.Encode(text, MaxBody);
        if (_kept == null)
        {
            return false;
        }

        _keptKey = key;
        _etag = OtaCrc32C.Append(0, _kept, 0, _kept.Length) | 1; // an ETag has a byte at least
        return true;
    }

    /// <summary>Writes a value in one message without a copy, or as a block where it is too long or a block is asked for.</summary>
    private void WriteValue(CoapEndpoint endpoint, Observation? observer, string value, uint key, int sequence)
    {
        if (_block2 < 0)
        {
            Begin(endpoint, observer, 0, TextPlain, sequence).WritePayload(value);
            if (endpoint.Complete() == CoapWriteStatus.Ok)
            {
                return;
            }
        }

        if (Keep(value, key))
        {
            WriteBlock(endpoint, observer, TextPlain, sequence);
        }
    }

    /// <summary>Writes the body that is kept: whole where it fits and no block is asked for, else the block, smaller ones where there is no room (RFC 7959 section 2.4).</summary>
    private void WriteBlock(CoapEndpoint endpoint, Observation? observer, int format, int sequence)
    {
        byte[] body = _kept!;
        int exponent = _block2 < 0 ? Whole : DeviceBody.Exponent((uint)_block2);
        int start = _block2 < 0 ? 0 : (_block2 >> 4) * (16 << exponent);
        if (start > 0 && start >= body.Length)
        {
            Respond(endpoint, CoapCode.BadRequest);
            return;
        }

        int rest = body.Length - start;
        int count;
        do
        {
            count = exponent == Whole || rest < 16 << exponent ? rest : 16 << exponent;
            CoapWriter writer = Begin(endpoint, observer, exponent < Whole ? _etag : 0, format, sequence);
            if (exponent < Whole)
            {
                writer.WriteOption(CoapOptionNumber.Block2, (uint)((start >> exponent) | (count < rest ? DeviceBody.More : 0) | exponent));
            }

            writer.WritePayload(body, start, count);
        }
        while (endpoint.Complete() != CoapWriteStatus.Ok && exponent-- > 0);

        if (count == rest)
        {
            _kept = null;
        }
    }

    /// <summary>What the device offers, as links of RFC 6690.</summary>
    private string Links()
    {
        string text = "";
        for (int i = 0; i < _functions.Count; i++)
        {
            text += (text.Length == 0 ? "</f/" : ",</f/") + ((Resource)_functions[i]!).Text + ">";
        }

        for (int i = 0; i < _variables.Count; i++)
        {
            text += (text.Length == 0 ? "</v/" : ",</v/") + ((Resource)_variables[i]!).Text + ">;obs";
        }

        return text;
    }

    /// <returns>Null where it throws, or gives no text, or more than <see cref="MaxBody"/> bytes of it.</returns>
    private string? TryRead(Resource variable)
    {
#pragma warning disable CA1031 // whatever the user's variable throws, the device answers and goes on
        try
        {
            // No text, or longer than a body may be: it counts less than 0, which is more than anything.
            string value = variable.Variable!();
            return (uint)Utf8Text.Count(value) > (uint)MaxBody ? null : value;
        }
        catch (Exception)
        {
            return null;
        }
#pragma warning restore CA1031
    }

    /// <summary>Begins a response, or with an observer a notification, up to Content-Format; an ETag of 0 is none.</summary>
    private static CoapWriter Begin(CoapEndpoint endpoint, Observation? observer, uint etag, int format, int sequence)
    {
        CoapWriter writer = observer == null ? endpoint.BeginResponse(CoapCode.Content) : endpoint.BeginNotification(CoapCode.Content, observer.Token, observer.Token.Length);
        if (etag != 0)
        {
            writer.WriteOption(CoapOptionNumber.ETag, etag);
        }

        if (sequence >= 0)
        {
            writer.WriteOption(CoapOptionNumber.Observe, (uint)sequence);
        }

        writer.WriteOption(CoapOptionNumber.ContentFormat, (uint)format);
        return writer;
    }

    private static void Respond(CoapEndpoint endpoint, byte code)
    {
        endpoint.BeginResponse(code);
        endpoint.Complete();
    }

    private Resource? Find(ArrayList resources, byte[] buffer)
    {
        for (int i = 0; i < resources.Count; i++)
        {
            Resource resource = (Resource)resources[i]!;
            if (resource.Name.Length == _segmentLength[1] && ByteRange.FixedTimeEquals(resource.Name, 0, buffer, _segmentOffset[1], resource.Name.Length))
            {
                return resource;
            }
        }

        return null;
    }

    private bool IsSegment(byte[] buffer, int index, string text)
    {
        if (_segmentLength[index] != text.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (buffer[_segmentOffset[index] + i] != text[i])
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Resource
    {
        public Resource(string text, DeviceFunction? function, DeviceVariable? variable)
        {
            Text = text;
            Name = new byte[Utf8Text.Count(text)];
            Utf8Text.Write(text, Name, 0);
            Function = function;
            Variable = variable;
        }

        public readonly string Text;

        public readonly byte[] Name;

        public readonly DeviceFunction? Function;

        public readonly DeviceVariable? Variable;
    }

    private sealed class Observation
    {
        public Observation(byte[] token, Resource variable)
        {
            Token = token;
            Variable = variable;
        }

        public readonly byte[] Token;

        public readonly Resource Variable;

        public string? LastValue;

        public int Sequence;

        public int Block;

        public uint Key;
    }

    // Specification
    private const int TextPlain = 0;
    private const int LinkFormat = 40;
    private const int MaxSequence = 0xFFFFFF;
    private const int NoCacheKeyMask = 0x1E;
    private const int NoCacheKey = 0x1C;
    private const int SecondBlock = 16;

    // Implementation
    private const int MaxObservations = 8;
    private const int MaxToken = 8;
    private const int MaxSegments = 2;
    private const int Whole = DeviceBody.LargestExponent + 1;
}
