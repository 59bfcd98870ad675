namespace Flint.Quickstart;

/// <summary>What the factory and the release office leave behind for the flight.</summary>
/// <param name="DeviceId">The device's identity.</param>
/// <param name="Temperature">What its sensor reads.</param>
/// <param name="Images">Four signed releases: factory, update, one whose self-test fails, one that is tampered with on the server.</param>
internal sealed record Provisioned(string DeviceId, string Temperature, IReadOnlyList<FirmwareImage> Images)
{
    public const string FactoryVersion = "1.0.0";
}
