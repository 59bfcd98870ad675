using System;

namespace Flint.SecureTunnel;

/// <summary>Writes the alert that ends a tunnel: protected where this side has a key to send under, plain before [ST-322].</summary>
internal static class AlertWriter
{
    /// <returns>The frame's length.</returns>
    public static int Write(RecordSealer? sealer, SecureTunnelAlert alert, Span<byte> frame)
    {
        if (sealer is null)
        {
            return Frame.WriteHeader(frame, new PlainAlert(alert).Write(frame[ProtocolLimits.HeaderSize..]));
        }

        ReadOnlySpan<byte> code = [(byte)alert];
        return sealer.Seal(MessageType.Alert, code, frame);
    }
}
