using System.ComponentModel;
using System.Diagnostics;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Interop;

/// <summary>The independent verifier, where Node.js is at hand; with FLINT_INTEROP=required it has to be.</summary>
public sealed class NodeVerifierTests
{
    [Fact]
    public async Task Vectors_ReadByAnotherImplementation_AreAllVerified() // [ST-402] [ST-809]
    {
        string script = Path.Combine(VectorFile.RepositoryRoot, "tests", "SecureTunnel.Tests", "Interop", "verify.mjs");
        var start = new ProcessStartInfo("node", [script, VectorFile.PathOf("tunnel")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process? node = TryStart(start);
        if (node is null)
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("FLINT_INTEROP") != "required", "Node.js is not at hand.");
            Assert.Fail("FLINT_INTEROP=required, and Node.js is not at hand.");
        }

        Task<string> output = node.StandardOutput.ReadToEndAsync();
        Task<string> error = node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.Equal("", await error);
        Assert.Equal(0, node.ExitCode);
        Assert.Contains("values verified", await output, StringComparison.Ordinal);
    }

    private static Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
