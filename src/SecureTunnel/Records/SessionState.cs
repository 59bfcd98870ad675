namespace Flint.SecureTunnel;

/// <summary>The states of an established tunnel (section 16.3).</summary>
internal enum SessionState
{
    Open,
    ReadClosed,
    WriteClosed,
    Closed,
    Dead,
}
