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

    /// <summary>Starts a server on a free port of loopback, for datagrams and for streams, and waits until it answers on both.</summary>
    public static async Task<RunningServer> ServerAsync(params string[] arguments)
    {
        // Between the choice of a port and the server's bind another socket may take it: then the server ends at once, and another port is tried.
        for (int attempt = 0; attempt < 10; attempt++)
        {
            int port = FreePort();
            Process process = Start(Server, ["-A", "127.0.0.1", "-p", $"{port}", "-d", "10", .. arguments]);
            _ = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            await udp.ConnectAsync(IPAddress.Loopback, port);
            long end = Environment.TickCount64 + (long)Eventually.Limit.TotalMilliseconds;
            while (!process.HasExited && Environment.TickCount64 < end)
            {
                if (await AnswersAsync(udp) && await TakesStreamsAsync(port))
                {
                    return new RunningServer(process, port);
                }

                await Task.Delay(20);
            }

            new RunningServer(process, port).Dispose();
        }

        throw new InvalidOperationException("libcoap's server does not start.");
    }

    /// <summary>Whether an empty confirmable message is answered by its reset (RFC 7252 section 4.3).</summary>
    private static async Task<bool> AnswersAsync(Socket socket)
    {
        var buffer = new byte[16];
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            await socket.SendAsync(new byte[] { 0x40, 0x00, 0x0f, 0x0f }, timeout.Token);
            int length = await socket.ReceiveAsync(buffer, timeout.Token);
            return buffer.AsSpan(0, length).SequenceEqual((ReadOnlySpan<byte>)[0x70, 0x00, 0x0f, 0x0f]);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> TakesStreamsAsync(int port)
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port that is free for streams and for datagrams.</summary>
    private static int FreePort()
    {
        while (true)
        {
            using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            stream.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            using var datagram = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                datagram.Bind(stream.LocalEndPoint!);
                return ((IPEndPoint)stream.LocalEndPoint!).Port;
            }
            catch (SocketException)
            {
                // A datagram socket has it.
            }
        }
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
