using System;
using System.Collections.Generic;
using System.Linq;

namespace Flint.Coap;

/// <summary>What the links of a device say about its functions and variables (docs/spec/device-mapping.md section 3).</summary>
internal static class DeviceLinks
{
    /// <summary>Links that mean nothing here are passed over.</summary>
    /// <exception cref="CoapException"><see cref="CoapError.NotAValue"/>: the payload is not in the link format.</exception>
    public static DeviceDescription Read(ReadOnlySpan<byte> payload)
    {
        IReadOnlyList<CoapLink> links = [];
        CoapLinkFormatStatus status = payload.IsEmpty ? CoapLinkFormatStatus.Ok : CoapLinkFormat.TryRead(payload, out links);
        if (status != CoapLinkFormatStatus.Ok)
        {
            throw new CoapException(CoapError.NotAValue, $"The device's description is not in the link format: {status}.");
        }

        return new DeviceDescription(
            Names(links, "/f/"),
            Names(links, "/v/"),
            Names(links.Where(link => link.IsObservable), "/v/"));
    }

    private static string[] Names(IEnumerable<CoapLink> links, string prefix) =>
    [
        .. links.Where(link => link.Target.StartsWith(prefix, StringComparison.Ordinal))
            .Select(link => link.Target[prefix.Length..])
            .Where(name => DeviceText.IsName(name)),
    ];
}
