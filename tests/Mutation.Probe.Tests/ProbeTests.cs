namespace Flint.Mutation.Probe.Tests;

/// <summary>Stryker runs this test while its assembly with every mutant stands in for the real one: the test keeps a copy of it for the program beside it.</summary>
public sealed class ProbeTests
{
    [Fact]
    public void Assembly_OfTheRun_IsKept()
    {
        string source = typeof(Flint.SecureTunnel.SecureTunnelPin).Assembly.Location;
        string kept = Path.Combine(AppContext.BaseDirectory, "kept", $"{new FileInfo(source).Length}", Path.GetFileName(source));
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        File.Copy(source, kept, overwrite: true);
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(kept));
    }
}
