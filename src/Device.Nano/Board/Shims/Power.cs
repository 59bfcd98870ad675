using System;

namespace nanoFramework.Runtime.Native;

/// <summary>The device's <c>nanoFramework.Runtime.Native.Power</c>: on .NET a reboot is the end of the process, whose supervisor starts it again.</summary>
internal static class Power
{
    public static void RebootDevice(RebootOption rebootOption) => Environment.Exit(RebootExitCode + (int)rebootOption);

    /// <summary>EX_TEMPFAIL of sysexits.h: try again.</summary>
    private const int RebootExitCode = 75;
}
