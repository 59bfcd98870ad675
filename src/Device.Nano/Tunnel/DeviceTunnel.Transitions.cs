namespace Flint.Device.Nano;

// The tables of docs/spec/secure-tunnel.md sections 16.2 and 16.3: one row per arrow; nothing else assigns a state.
public sealed partial class DeviceTunnel
{
    /// <returns>The state that follows, or <see cref="TunnelState.None"/> where the tables have no arrow.</returns>
    internal static TunnelState Next(TunnelState state, TunnelInput input) => input switch
    {
        TunnelInput.BeginFull when state == TunnelState.Start => TunnelState.WaitServerHello,
        TunnelInput.BeginResume when state == TunnelState.Start => TunnelState.WaitResumption,
        TunnelInput.Retry when state == TunnelState.WaitResumption => TunnelState.WaitServerHello,
        TunnelInput.ServerHello when state == TunnelState.WaitServerHello => TunnelState.WaitServerAuth,
        TunnelInput.ServerHello when state == TunnelState.WaitResumption => TunnelState.WaitServerAuth,
        TunnelInput.ServerAuth when state == TunnelState.WaitServerAuth => TunnelState.WaitAccept,
        TunnelInput.Accept when state == TunnelState.WaitAccept => TunnelState.Open,
        TunnelInput.Data or TunnelInput.KeyUpdate when state == TunnelState.Open || state == TunnelState.WriteClosed => state,
        TunnelInput.Send when state == TunnelState.Open || state == TunnelState.ReadClosed => state,
        TunnelInput.PeerClose when state == TunnelState.Open => TunnelState.ReadClosed,
        TunnelInput.PeerClose when state == TunnelState.WriteClosed => TunnelState.Closed,
        TunnelInput.LocalClose when state == TunnelState.Open => TunnelState.WriteClosed,
        TunnelInput.LocalClose when state == TunnelState.ReadClosed => TunnelState.Closed,
        TunnelInput.Failure => TunnelState.Dead,
        _ => TunnelState.None,
    };
}
