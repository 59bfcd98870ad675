namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>What a server process has used so far.</summary>
internal readonly record struct ServerReport(double CpuMicroseconds, long ResidentBytes, long ManagedBytes);
