using System;

namespace Flint.SecureTunnel;

/// <summary>What the options of both sides have in common.</summary>
internal static class OptionRules
{
    public static void CheckCommon(ReadOnlyMemory<byte> applicationContext, int maxRecord, int paddingBlock, int sendBuffer, TimeProvider? timeProvider)
    {
        Require(applicationContext.Length <= MaxApplicationContext, "ApplicationContext", "at most 32 bytes"); // [ST-109]
        Require(maxRecord is >= ProtocolLimits.MinMaxRecord and <= ProtocolLimits.MaxMaxRecord, "MaxRecord", "256 to 16385"); // [ST-303]
        Require(paddingBlock is >= 0 and <= MaxPaddingBlock, "PaddingBlock", "0 to 4096");
        Require(sendBuffer is >= 0 and <= MaxSendBuffer, "SendBuffer", "0 to 1048576");
        Require(timeProvider is not null, "TimeProvider", "a time provider is required");
    }

    public static void CheckTimeout(TimeSpan timeout, string name) =>
        Require(timeout > TimeSpan.Zero && timeout <= MaxTimeout, name, "more than zero, at most an hour");

    public static void Require(bool condition, string name, string rule)
    {
        if (!condition)
        {
            throw new ArgumentException($"{name}: {rule}.", name);
        }
    }

    public const int DefaultSendBuffer = 64 * 1024;
    private const int MaxApplicationContext = 32;
    private const int MaxPaddingBlock = 4096;
    private const int MaxSendBuffer = 1024 * 1024;
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);
}
