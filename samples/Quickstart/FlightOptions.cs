namespace Flint.Quickstart;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="OldFile">The factory firmware, or null for the default.</param>
/// <param name="NewFile">The firmware of the update, or null for the default.</param>
/// <param name="Keep">Whether the temporary folder stays.</param>
/// <param name="Seed">What decides the device id, the PSK, the power cuts and the tampered byte; null for a fresh one.</param>
internal sealed record FlightOptions(string? OldFile, string? NewFile, bool Keep, int? Seed);
