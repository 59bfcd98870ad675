using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>
/// Closed-loop clients in a process of their own: each has a socket and one confirmable GET under way. One thread serves them in turn with blocking calls; a server answers in
/// the order of arrival, so the client whose turn it is has been waiting the longest, and all others have a request under way. A server meets the same clients in each run.
/// </summary>
internal static class LoadClients
{
    /// <summary>Reads "PORT MILLISECONDS" or "PORT xREQUESTS" from standard input, a run a line, and prints "REQUESTS SECONDS".</summary>
    public static int Run(int clients)
    {
        var known = new Dictionary<string, Client[]>();
        while (Console.ReadLine() is string line)
        {
            string[] words = line.Split(' ');
            if (!known.TryGetValue(words[0], out Client[]? all))
            {
                var server = new IPEndPoint(IPAddress.Loopback, int.Parse(words[0], CultureInfo.InvariantCulture));
                known[words[0]] = all = [.. Enumerable.Range(0, clients).Select(number => new Client(server, number))];
            }

            bool counted = words[1].StartsWith('x');
            long limit = long.Parse(words[1].TrimStart('x'), CultureInfo.InvariantCulture);
            (long requests, double seconds) = Run(all, counted ? limit : long.MaxValue, counted ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(limit));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{requests} {seconds}"));
        }

        return 0;
    }

    private static (long Requests, double Seconds) Run(Client[] clients, long most, TimeSpan time)
    {
        foreach (Client client in clients)
        {
            client.Send();
        }

        long start = Stopwatch.GetTimestamp();
        long done = 0;
        while (done < most && (done % 256 != 0 || Stopwatch.GetElapsedTime(start) < time))
        {
            Client client = clients[done % clients.Length];
            client.Receive();
            client.Send();
            done++;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Client client in clients)
        {
            client.Receive();
        }

        return (done, seconds);
    }

    private sealed class Client
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        private readonly byte[] _request;
        private readonly byte[] _answer = new byte[256];
        private ushort _id;

        public Client(IPEndPoint server, int number)
        {
            _socket.Connect(server);
            // GET /time with a token of four bytes.
            _request = Convert.FromHexString("44010000c0a8" + number.ToString("x4", CultureInfo.InvariantCulture) + "b474696d65");
        }

        public void Send()
        {
            // Another message id for each, so that none is a duplicate.
            _id = unchecked((ushort)(_id + 1));
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(2), _id);
            _socket.Send(_request);
        }

        public void Receive()
        {
            int length = _socket.Receive(_answer);
            if (length < 9 || _answer[0] != 0x64 || _answer[1] != 0x45 || !_answer.AsSpan(2, 6).SequenceEqual(_request.AsSpan(2, 6)))
            {
                throw new InvalidOperationException($"That is no response: {Convert.ToHexString(_answer, 0, length)}");
            }
        }
    }
}
