using System;

namespace Flint.Coap;

/// <summary>The token lengths above eight (RFC 8974 section 2.1), which both framings write alike.</summary>
internal static class CoapTokenLength
{
    /// <summary>Judges a token length field above eight, reading its extension.</summary>
    /// <param name="extensionBytes">What stands where an extension would.</param>
    /// <param name="maxTokenLength">The declared limit. Up to eight, such fields are reserved.</param>
    /// <param name="tokenLength">The field's value; on success the token's length.</param>
    /// <param name="extension">The bytes of the extension, 0 to 2.</param>
    /// <returns><see cref="CoapReadStatus.NeedMoreData"/> where the extension is cut.</returns>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> extensionBytes, int maxTokenLength, ref int tokenLength, out int extension)
    {
        extension = 0;
        if (tokenLength == CoapOptionFormat.Reserved || maxTokenLength <= CoapHeader.MaxTokenLength)
        {
            return CoapReadStatus.ReservedTokenLength;
        }

        extension = ExtensionLength(tokenLength);
        if (extension > extensionBytes.Length)
        {
            return CoapReadStatus.NeedMoreData;
        }

        tokenLength = tokenLength switch
        {
            CoapOptionFormat.OneByte => CoapOptionFormat.OneByteBase + extensionBytes[0],
            CoapOptionFormat.TwoBytes => CoapOptionFormat.TwoBytesBase + (extensionBytes[0] << 8 | extensionBytes[1]),
            _ => tokenLength,
        };
        return tokenLength > maxTokenLength ? CoapReadStatus.TokenTooLong : CoapReadStatus.Ok;
    }

    /// <summary>The bytes that follow a length field of 0 to 14.</summary>
    public static int ExtensionLength(int field) => Math.Max(0, field - CoapOptionFormat.MaxPlain);
}
