using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flint.Ota;
using Flint.Testing;

namespace Flint.Integration.Tests.Support;

/// <summary>The gateway of samples/Quickstart in its own process, as its flight starts it: commands go in, reports come out, one JSON object a line.</summary>
internal sealed class QuickstartGateway : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-quickstart-gateway-").FullName;
    private readonly BlockingCollection<JsonElement> _reports = [];
    private readonly List<JsonElement> _waiting = [];
    private readonly Process _process;

    public QuickstartGateway(RSA tunnelKey, string deviceId, byte[] psk, params ReadOnlySpan<(string Version, OtaRelease Release, byte[] Image)> releases)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "server"));
        Directory.CreateDirectory(Path.Combine(_folder, "releases"));
        var versions = new JsonArray();
        foreach ((string version, OtaRelease release, byte[] image) in releases)
        {
            File.WriteAllBytes(Path.Combine(_folder, "releases", version + ".manifest"), release.Envelope.ToArray());
            File.WriteAllBytes(Path.Combine(_folder, "releases", version + ".bin"), image);
            versions.Add(version);
        }

        var settings = new JsonObject
        {
            ["TunnelKey"] = tunnelKey.ExportPkcs8PrivateKeyPem(),
            ["Devices"] = new JsonObject { [deviceId] = Convert.ToBase64String(psk) },
            ["Releases"] = versions,
        };
        File.WriteAllText(Path.Combine(_folder, "server", "server.json"), settings.ToJsonString());
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Flint.Quickstart.exe" : "Flint.Quickstart");
        _process = Process.Start(new ProcessStartInfo(program, ["gateway", "--folder", _folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        new Thread(Read) { IsBackground = true }.Start();
        Port = Await("listening").GetProperty("port").GetInt32();
    }

    public int Port { get; }

    public void Say(string command, params ReadOnlySpan<(string Name, JsonNode Value)> values)
    {
        var message = new JsonObject { ["command"] = command };
        foreach ((string name, JsonNode value) in values)
        {
            message[name] = value;
        }

        _process.StandardInput.WriteLine(message.ToJsonString());
        _process.StandardInput.Flush();
    }

    /// <summary>The next report of that name; others wait, as two connections may report in either order, but for errors.</summary>
    public JsonElement Await(string name)
    {
        int waiting = _waiting.FindIndex(report => report.GetProperty("event").GetString() == name);
        if (waiting >= 0)
        {
            JsonElement report = _waiting[waiting];
            _waiting.RemoveAt(waiting);
            return report;
        }

        while (_reports.TryTake(out JsonElement report, Eventually.Limit))
        {
            string? what = report.GetProperty("event").GetString();
            Assert.True(what != "error" || name == "error", report.GetRawText());
            if (what == name)
            {
                return report;
            }

            _waiting.Add(report);
        }

        throw new TimeoutException($"The gateway does not report '{name}'.");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
        {
            _process.Kill();
        }

        _process.Dispose();
        _reports.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Read()
    {
        while (_process.StandardOutput.ReadLine() is string line)
        {
            using JsonDocument report = JsonDocument.Parse(line);
            _reports.Add(report.RootElement.Clone());
        }
    }
}
