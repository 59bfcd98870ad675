using System.Globalization;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// <c>benchmarks -- tunnel [handshakes] [connections]</c>, or <c>tunnel idle N</c>, <c>tunnel messages N</c>, <c>tunnel handshakes N</c>, <c>tunnel writers N</c>, <c>tunnel stream N</c>, <c>tunnel flood</c>, <c>tunnel oaep N</c>: over loopback TCP, a server process of each kind and this process as its clients. Reports what the server pays: processor time and
/// resident memory, beside SslStream with TLS 1.3 and certificates on both sides.
/// </summary>
internal static class LoadProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["serve", var kind])
        {
            await LoadServer.RunAsync(kind);
            return 0;
        }

        if (args is ["oaep", ..])
        {
            OaepTiming.Run(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 30_000);
            return 0;
        }

        if (args is ["writers", ..])
        {
            await WritersTable.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 8_000);
            return 0;
        }

        if (args is ["stream", ..])
        {
            await StreamTable.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 40_000, args.Length > 2 ? args[2] : null);
            return 0;
        }

        if (args is ["flood", ..])
        {
            await FloodTable.RunAsync();
            return 0;
        }

        if (args is ["handshakes", var some])
        {
            await HandshakesAsync(int.Parse(some, CultureInfo.InvariantCulture));
            return 0;
        }

        if (args is ["idle", var many])
        {
            await IdleAsync(int.Parse(many, CultureInfo.InvariantCulture));
            return 0;
        }

        if (args is ["messages", var number])
        {
            await MessagesAsync(int.Parse(number, CultureInfo.InvariantCulture));
            return 0;
        }

        int handshakes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        int connections = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2000;
        Console.WriteLine($"{handshakes} handshakes, {handshakes * 20} messages, {connections} idle connections of each kind; the server's own figures.");
        await HandshakesAsync(handshakes);
        await MessagesAsync(handshakes * 20);
        await IdleAsync(connections);
        await FloodTable.RunAsync();
        return 0;
    }

    private static async Task HandshakesAsync(int count)
    {
        Console.WriteLine($"\n{"handshake",-34} {"CPU µs",9} {"sent B",8} {"received B",11}");
        foreach ((string kind, string how) in new[] { ("tls", "full"), ("tls", "resume"), ("tls-server", "full"), ("tls-server", "resume"), ("s1", "full"), ("s2", "full"), ("s1", "resume"), ("s1", "resume-p256") })
        {
            await using var server = await ServerProcess.StartAsync(kind);
            using var client = new LoadClient(server, how);
            await client.HandshakesAsync(Math.Min(100, count));
            ServerReport before = await server.ReportAsync();
            await client.HandshakesAsync(count);
            ServerReport after = await server.ReportAsync();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kind + " " + how,-34} {(after.CpuMicroseconds - before.CpuMicroseconds) / count,9:0} {client.LastSent,8} {client.LastReceived,11}"));
        }
    }

    private static async Task MessagesAsync(int count)
    {
        Console.WriteLine($"\n{"messages received by the server",-34} {"CPU ns",9}");
        foreach (int size in new[] { 64, 256, 1024 })
        {
            foreach ((string kind, int together) in new[] { ("tls", 1), ("s1", 1), ("s1", 16) })
            {
                await using var server = await ServerProcess.StartAsync(kind);
                using var client = new LoadClient(server, "full");
                await client.MessagesAsync(count / 10, size, together);
                ServerReport before = await server.ReportAsync();
                await client.MessagesAsync(count, size, together);
                ServerReport after = await server.ReportAsync();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{kind + " " + size + " B" + (together > 1 ? $", {together} a flush" : ""),-34} {(after.CpuMicroseconds - before.CpuMicroseconds) * 1000 / count,9:0}"));
            }
        }
    }

    private static async Task IdleAsync(int count)
    {
        Console.WriteLine($"\n{"idle connections",-34} {"resident B each",16} {"managed B each",16}");
        foreach (string kind in new[] { "bare", "s1", "tls" })
        {
            await using var server = await ServerProcess.StartAsync(kind);
            using var client = new LoadClient(server, "full");
            await client.HandshakesAsync(20);
            ServerReport before = await server.ReportAsync();
            await client.HoldAsync(count);
            ServerReport after = await server.ReportAsync();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-34} {(after.ResidentBytes - before.ResidentBytes) / count,16} {(after.ManagedBytes - before.ManagedBytes) / count,16}"));
        }
    }
}
