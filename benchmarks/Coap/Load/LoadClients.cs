using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>
/// Closed-loop clients in a process of their own: each has a socket and one confirmable GET under way. One thread serves them in turn with blocking calls; a server answers in
/// the order of arrival, so the client whose turn it is has been waiting the longest, and all others have a request under way.
/// </summary>
internal static class LoadClients
{
    /// <summary>Reads "PORT MILLISECONDS" or "PORT xREQUESTS" from standard input, a run a line, and prints "REQUESTS SECONDS".</summary>
    public static int Run(int clients)
    {
        while (Console.ReadLine() is string line)
        {
            string[] words = line.Split(' ');
            var server = new IPEndPoint(IPAddress.Loopback, int.Parse(words[0], CultureInfo.InvariantCulture));
            bool counted = words[1].StartsWith('x');
            long limit = long.Parse(words[1].TrimStart('x'), CultureInfo.InvariantCulture);
            (long requests, double seconds) = Run(server, clients, counted ? limit : long.MaxValue, counted ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(limit));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{requests} {seconds}"));
        }

        return 0;
    }

    private static (long Requests, double Seconds) Run(IPEndPoint server, int clients, long most, TimeSpan time)
    {
        var sockets = new Socket[clients];
        var requests = new byte[clients][];
        var ids = new ushort[clients];
        var answer = new byte[256];
        for (int i = 0; i < clients; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            sockets[i].Connect(server);
            // GET /time with a token of four bytes.
            requests[i] = Convert.FromHexString("44010000c0a8" + i.ToString("x4", CultureInfo.InvariantCulture) + "b474696d65");
            Send(sockets[i], requests[i], ref ids[i]);
        }

        long start = Stopwatch.GetTimestamp();
        long done = 0;
        while (done < most && (done % 256 != 0 || Stopwatch.GetElapsedTime(start) < time))
        {
            int turn = (int)(done % clients);
            int length = sockets[turn].Receive(answer);
            if (length < 9 || answer[0] != 0x64 || answer[1] != 0x45 || !answer.AsSpan(2, 6).SequenceEqual(requests[turn].AsSpan(2, 6)))
            {
                throw new InvalidOperationException($"That is no response: {Convert.ToHexString(answer, 0, length)}");
            }

            Send(sockets[turn], requests[turn], ref ids[turn]);
            done++;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }

        return (done, seconds);
    }

    private static void Send(Socket socket, byte[] request, ref ushort id)
    {
        // Another message id for each, so that none is a duplicate.
        id = unchecked((ushort)(id + 1));
        request[2] = (byte)(id >> 8);
        request[3] = unchecked((byte)id);
        socket.Send(request);
    }
}
