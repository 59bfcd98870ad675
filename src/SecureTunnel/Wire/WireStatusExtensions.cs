namespace Flint.SecureTunnel;

/// <summary>The error table of section 6.9, for malformed messages.</summary>
internal static class WireStatusExtensions
{
    public static SecureTunnelAlert ToAlert(this WireStatus status) => status switch
    {
        WireStatus.Ok => SecureTunnelAlert.None,
        WireStatus.WrongType => SecureTunnelAlert.UnexpectedMessage,
        WireStatus.UnsupportedVersion or WireStatus.UnsupportedSuite or WireStatus.UnsupportedMode => SecureTunnelAlert.Unsupported,
        _ => SecureTunnelAlert.Malformed,
    };

    public static SecureTunnelReason ToReason(this WireStatus status) => status switch
    {
        WireStatus.Ok => SecureTunnelReason.None,
        WireStatus.WrongType => SecureTunnelReason.UnexpectedMessage,
        WireStatus.UnsupportedVersion or WireStatus.UnsupportedSuite or WireStatus.UnsupportedMode => SecureTunnelReason.UnsupportedSuite,
        _ => SecureTunnelReason.MalformedMessage,
    };
}
