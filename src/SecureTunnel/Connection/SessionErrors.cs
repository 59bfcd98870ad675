using System;

namespace Flint.SecureTunnel;

/// <summary>The exceptions of an established tunnel.</summary>
internal static class SessionErrors
{
    public static SecureTunnelException From(HandshakeFailure failure) =>
        failure.Reason == SecureTunnelReason.Truncated
            ? new SecureTunnelTruncatedException()
            : new SecureTunnelException(failure.Reason, failure.Alert, failure.FromPeer, Describe(failure));

    public static InvalidOperationException Closed() => new("This direction of the tunnel is closed.");

    private static string Describe(HandshakeFailure failure) =>
        failure.FromPeer ? $"The peer ended the tunnel: {failure.Alert}." : $"The tunnel failed: {failure.Reason} (alert {failure.Alert}).";
}
