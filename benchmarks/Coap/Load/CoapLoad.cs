using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>
/// The server's bar: requests a second from 64 closed-loop clients in another process, of our server, of a bare receive and send loop and of libcoap's server, in turn within one run;
/// then the bytes that a request allocates in steady state, and the memory that is resident after two million requests.
/// </summary>
internal static class CoapLoad
{
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["clients", string clients]:
                return LoadClients.Run(int.Parse(clients, CultureInfo.InvariantCulture));
            case ["serve", string kind]:
                return await LoadServer.RunAsync(kind);
            case ["scale"]:
                return ScaleTable.Run();
            case ["bodies"]:
                return await BodyTable.RunAsync();
            default:
                return Compare();
        }
    }

    private static int Compare()
    {
        using LoadProcess clients = LoadProcess.Self("clients", Clients.ToString(CultureInfo.InvariantCulture));
        using LoadProcess bare = LoadProcess.Self("serve", "bare");
        using LoadProcess ours = LoadProcess.Self("serve", "flint");
        long barePort = bare.ReadNumber();
        long oursPort = ours.ReadNumber();
        int theirPort = FreePort();
        using LoadProcess? theirs = Exists(LibCoapServer) ? LoadProcess.Other(LibCoapServer, "-A", "127.0.0.1", "-p", $"{theirPort}", "-v", "0") : null;
        Thread.Sleep(500);

        double[] bareRates = new double[Rounds];
        double[] ourRates = new double[Rounds];
        double[] theirRates = new double[Rounds];
        for (int round = -2; round < Rounds; round++)
        {
            double bareRate = Rate(clients, barePort, RoundMilliseconds);
            double ourRate = Rate(clients, oursPort, RoundMilliseconds);
            double theirRate = theirs is null ? double.NaN : Rate(clients, theirPort, RoundMilliseconds);
            if (round >= 0)
            {
                (bareRates[round], ourRates[round], theirRates[round]) = (bareRate, ourRate, theirRate);
            }
        }

        Rate(clients, oursPort, "x2000000");
        long before = long.Parse(ours.Ask(""), CultureInfo.InvariantCulture);
        Rate(clients, oursPort, "x200000");
        long allocated = long.Parse(ours.Ask(""), CultureInfo.InvariantCulture) - before;
        double resident = ours.ResidentBytes / 1e6;

        Console.WriteLine($"{Clients} closed-loop clients in another process, a confirmable GET and its piggybacked response; {Rounds} interleaved rounds of {RoundMilliseconds} ms, median (quartiles)");
        Print("bare receive and send loop, requests/s", bareRates, "0");
        Print("Flint.Coap server, requests/s", ourRates, "0");
        Print("libcoap server, requests/s", theirRates, "0");
        double bareRatio = Print("ours / bare (bar: at least 0.60)", [.. ourRates.Zip(bareRates, (a, b) => a / b)], "0.00");
        double theirRatio = Print("ours / libcoap (bar: above 1)", [.. ourRates.Zip(theirRates, (a, b) => a / b)], "0.00");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"bytes allocated a request, over 200,000 (bar: 0)",-52} {allocated / 200_000.0:0.000}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"resident after 2 million requests, MB (bar: below 64)",-52} {resident:0.0}"));
        return bareRatio >= 0.6 && !(theirRatio <= 1) && allocated < 200_000 / 10 && resident < 64 ? 0 : 1;
    }

    private static double Rate(LoadProcess clients, long port, string limit)
    {
        string[] words = clients.Ask($"{port} {limit}").Split(' ');
        return double.Parse(words[0], CultureInfo.InvariantCulture) / double.Parse(words[1], CultureInfo.InvariantCulture);
    }

    private static double Print(string what, double[] values, string format)
    {
        double[] sorted = [.. values.Order()];
        string Text(int index) => sorted[index].ToString(format, CultureInfo.InvariantCulture);
        Console.WriteLine($"{what,-52} {Text(Rounds / 2)} ({Text(Rounds / 4)}-{Text(Rounds * 3 / 4)})");
        return sorted[Rounds / 2];
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private const string LibCoapServer = "coap-server-notls";
    private const string RoundMilliseconds = "800";
    private const int Clients = 64;
    private const int Rounds = 9;
}
