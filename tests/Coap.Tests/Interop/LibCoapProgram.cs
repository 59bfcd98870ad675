using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Flint.Coap.Tests.Interop;

/// <summary>The programs of Debian's libcoap3-bin. Their exit code says nothing: tests look at what they print.</summary>
internal static class LibCoapProgram
{
    private const string Client = "coap-client-notls";
    private const string Server = "coap-server-notls";

    /// <summary>Skips the test where the programs are not installed, unless FLINT_INTEROP=required.</summary>
    public static void Require()
    {
        if (Find(Client) is null || Find(Server) is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("FLINT_INTEROP") == "required", "libcoap3-bin is not installed");
            Assert.Fail("FLINT_INTEROP=required, and libcoap3-bin is not installed");
        }
    }

    /// <summary>What the client prints on both outputs.</summary>
    public static async Task<string> ClientAsync(params string[] arguments)
    {
        using Process process = Start(Client, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return await output + await error;
    }

    /// <summary>Starts the client, which dies with the scope.</summary>
    public static RunningClient Begin(params string[] arguments)
    {
        Process process = Start(Client, arguments);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return new RunningClient(process);
    }

    /// <summary>Starts a server on a free port of loopback, for datagrams and for streams.</summary>
    public static async Task<RunningServer> ServerAsync(params string[] arguments)
    {
        int port = FreePort();
        Process process = Start(Server, ["-A", "127.0.0.1", "-p", $"{port}", "-d", "10", .. arguments]);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        for (int i = 0; i < 100; i++)
        {
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await probe.ConnectAsync(IPAddress.Loopback, port);
                break;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        return new RunningServer(process, port);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(Find(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    internal sealed class RunningClient(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    internal sealed class RunningServer(Process process, int port) : IDisposable
    {
        public int Port => port;

        public Uri Udp => new($"coap://127.0.0.1:{port}");

        public Uri Tcp => new($"coap+tcp://127.0.0.1:{port}");

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
