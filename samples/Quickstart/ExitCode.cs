namespace Flint.Quickstart;

/// <summary>How a role's process ends.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Error = 2;

    /// <summary>The device asks for a reset: whoever holds its power starts it again.</summary>
    public const int Reset = 10;

    /// <summary>The device could not get into the gateway.</summary>
    public const int Refused = 11;
}
