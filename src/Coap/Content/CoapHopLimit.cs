using System;
using System.Text;

namespace Flint.Coap;

/// <summary>
/// The option Hop-Limit (RFC 8768), which ends loops of proxies. This library forwards nothing; a program that does calls <see cref="TryForward"/> before it sends a request on, and
/// <see cref="PrependTo"/> before it sends a 5.08 back.
/// </summary>
public static class CoapHopLimit
{
    /// <summary>The initial value where nothing else is configured (section 3).</summary>
    public const byte Default = 16;

    /// <summary>Counts one hop: the request may be forwarded, or is answered 5.08.</summary>
    /// <param name="request">The options of the request that is about to be forwarded. A request without the option gets it.</param>
    /// <param name="proxy">What the 5.08 tells of this proxy: a name or an address, without a space (section 4).</param>
    /// <param name="refusal">The response where the request must not be forwarded: 5.08, or 4.00 for a value of 0; otherwise null.</param>
    /// <param name="initial">The value that a request without the option gets.</param>
    /// <exception cref="ArgumentException"><paramref name="proxy"/> is empty or has a space.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="initial"/> is 0.</exception>
    public static bool TryForward(CoapOptionList request, string proxy, out CoapResponse? refusal, byte initial = Default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckName(proxy);
        ArgumentOutOfRangeException.ThrowIfZero(initial);
        refusal = null;
        if (!request.TryFind(CoapOptionNumber.HopLimit, out CoapOption option))
        {
            request.Add(CoapOptionNumber.HopLimit, initial);
            return true;
        }

        if (!IsValid(option))
        {
            refusal = Malformed();
            return false;
        }

        int left = option.Value[0] - 1;
        if (left == 0)
        {
            refusal = CoapResponse.Error(CoapCode.HopLimitReached, proxy);
            return false;
        }

        request.Set(CoapOptionNumber.HopLimit, (uint)left);
        return true;
    }

    /// <summary>Puts this proxy's name before those of the others in the diagnostic payload of a 5.08 that goes back, unless that would become too long (section 4).</summary>
    /// <param name="response">A response; one that is no 5.08 stays as it is.</param>
    /// <param name="proxy">A name or an address, without a space.</param>
    /// <param name="maxLength">How long the payload may become.</param>
    /// <exception cref="ArgumentException"><paramref name="proxy"/> is empty or has a space.</exception>
    public static void PrependTo(CoapResponse response, string proxy, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(response);
        CheckName(proxy);
        byte[] name = Encoding.UTF8.GetBytes(proxy);
        if (response.Code == CoapCode.HopLimitReached && (long)name.Length + 1 + response.Payload.Length <= maxLength)
        {
            response.Payload = response.Payload.IsEmpty ? name : (byte[])[.. name, (byte)' ', .. response.Payload.Span];
        }
    }

    /// <summary>"CoAP messages received with a Hop-Limit option set to '0' or greater than '255' MUST be rejected" (section 3).</summary>
    internal static CoapResponse? Refuse(CoapOptions request) =>
        request.TryFind(CoapOptionNumber.HopLimit, out CoapOption option) && !IsValid(option) ? Malformed() : null;

    private static bool IsValid(CoapOption option) => option.Value.Length == 1 && option.Value[0] != 0;

    private static CoapResponse Malformed() => CoapResponse.Error(CoapCode.BadRequest, "Hop-Limit");

    private static void CheckName(string proxy)
    {
        ArgumentException.ThrowIfNullOrEmpty(proxy);
        if (proxy.Contains(' ', StringComparison.Ordinal))
        {
            throw new ArgumentException("A proxy's name has no space.", nameof(proxy));
        }
    }
}
