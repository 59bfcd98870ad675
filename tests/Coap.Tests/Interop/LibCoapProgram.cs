using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Flint.Testing;

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
        using var timeout = new CancellationTokenSource(Eventually.Limit);
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

    /// <summary>
    /// Starts a server on a free port of loopback, for datagrams and for streams, and waits until it answers on both. A server that finds its port taken since we looked ends at once, and whoever has
    /// taken it would get our datagrams and never answer: then another port is tried.
    /// </summary>
    public static async Task<RunningServer> ServerAsync(params string[] arguments)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            int port = FreePort();
            Process process = Start(Server, ["-A", "127.0.0.1", "-p", $"{port}", "-d", "10", .. arguments]);
            _ = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            var server = new RunningServer(process, port);
            if (await AnswersAsync(process, port))
            {
                return server;
            }

            server.Dispose();
        }

        throw new InvalidOperationException($"{Server} does not start.");
    }

    /// <summary>Whether it takes a connection and resets a ping, within a time that only a machine without any to spare could need.</summary>
    private static async Task<bool> AnswersAsync(Process process, int port)
    {
        for (int i = 0; i < 100 && !process.HasExited; i++)
        {
            try
            {
                using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await stream.ConnectAsync(IPAddress.Loopback, port);
                using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                await datagrams.ConnectAsync(IPAddress.Loopback, port);
                return await PingAsync(datagrams);
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        return false;
    }

    /// <summary>Sends an empty confirmable message, twice a second for twenty seconds.</summary>
    private static async Task<bool> PingAsync(Socket socket)
    {
        var buffer = new byte[16];
        Task<int> answer = socket.ReceiveAsync(buffer);
        for (int i = 0; i < 40; i++)
        {
            await socket.SendAsync(Exchange.Datagrams.Empty(CoapType.Confirmable, 0x1234));
            if (await Task.WhenAny(answer, Task.Delay(500)) == answer)
            {
                return await answer == 4 && buffer[0] == 0x70;
            }
        }

        return false;
    }

    /// <summary>A port below those that the system gives to whoever asks for any: many sockets of the tests beside this one do, and one may get it before the server is up.</summary>
    private static int FreePort()
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                stream.Bind(new IPEndPoint(IPAddress.Loopback, port));
                datagrams.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }

        throw new InvalidOperationException("No port is free.");
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
