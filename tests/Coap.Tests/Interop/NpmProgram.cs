using System.Diagnostics;
using System.Text.Json;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>npm/peer.cjs: a process in which the npm package coap runs. <c>.ci/peers</c> installs the package into a folder outside the tree.</summary>
internal sealed class NpmProgram : IDisposable
{
    private readonly Process _process;

    private NpmProgram(string[] arguments)
    {
        _process = Process.Start(new ProcessStartInfo("node", [Script, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NODE_PATH"] = Path.Combine(Folder, "node_modules") },
        })!;
        _ = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Skips the test where the package is not installed, unless FLINT_INTEROP=required.</summary>
    public static void Require()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "coap")))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("FLINT_INTEROP") == "required", "the npm package coap is not installed");
            Assert.Fail("FLINT_INTEROP=required, and the npm package coap is not installed");
        }
    }

    /// <summary>What the program says to one request, or to an observation.</summary>
    public static async Task<JsonElement[]> RunAsync(params string[] arguments)
    {
        using var program = new NpmProgram(arguments);
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        var lines = new List<JsonElement>();
        while (await program.ReadAsync(timeout.Token) is JsonElement line)
        {
            lines.Add(line);
        }

        return [.. lines];
    }

    /// <summary>Starts a server.</summary>
    public static async Task<(NpmProgram Program, Uri Address)> ServeAsync()
    {
        var program = new NpmProgram(["serve"]);
        JsonElement? line = await program.ReadAsync(CancellationToken.None);
        return (program, new Uri($"coap://127.0.0.1:{line!.Value.GetProperty("port").GetInt32()}"));
    }

    /// <summary>Bytes of which no two stretches are alike within a block; peer.cjs makes the same.</summary>
    public static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => unchecked((byte)((i * 7) + (i >> 8))))];

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task<JsonElement?> ReadAsync(CancellationToken cancellationToken)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken);
        return line is null ? null : JsonDocument.Parse(line).RootElement;
    }

    private static string Folder { get; } = Environment.GetEnvironmentVariable("FLINT_NPM") ?? Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "flint", "npm");

    private static string Script => Path.Combine(VectorFile.RepositoryRoot, "tests", "Coap.Tests", "Interop", "npm", "peer.cjs");
}
