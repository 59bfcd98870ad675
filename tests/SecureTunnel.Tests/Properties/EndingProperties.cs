using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>
/// Both ends are written to by several tasks, some of which give up, read, updated and disposed at any moment. Nothing hangs: every call ends, with its result or with one of the exceptions it may have; what the peer has
/// read are whole messages of each task, in its order, none twice; and no key is left.
/// </summary>
public sealed class EndingProperties
{
    [Fact]
    public void Tunnel_DisposedAtAnyMoment_EndsEveryCallAndLeavesNoSecret() => // [ST-403] [ST-510]
        PropertyRunner.Check(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => RunAsync(seed).WaitAsync(Eventually.Limit).GetAwaiter().GetResult(), runs: 60);

    private static async Task<bool> RunAsync(int seed)
    {
        var random = new Random(seed);
        var pair = new PipePair();
        IDuplexPipe transport = seed % 2 == 0 ? pair.Server : new SlowTransport(pair.Server);
        int sendBuffer = random.Next(4) switch { 0 => 0, 1 => 50, 2 => 3000, _ => 65536 };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, TestKeys.ServerOptions(sendBuffer: sendBuffer)).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        HashSet<Secret> secrets = [.. Reachable.Secrets(gateway), .. Reachable.Secrets(device)];
        int length = random.Next(2, 2000);
        var received = new List<byte>();
        Task[] tasks =
        [
            .. Enumerable.Range(0, 4).Select(writer => Task.Run(() => WriteAsync(gateway, (byte)writer, length, new Random(seed + writer)))),
            Task.Run(() => WriteAsync(device, 9, 5, new Random(seed + 4))),
            Task.Run(() => ReadAsync(device, received)),
            Task.Run(() => ReadAsync(gateway, [])),
            Task.Run(() => UpdateAsync(gateway)),
        ];
        for (int i = random.Next(200); i > 0; i--)
        {
            await Task.Yield();
        }

        await Task.WhenAll(random.Next(3) switch
        {
            0 => [gateway.DisposeAsync().AsTask(), device.DisposeAsync().AsTask()],
            1 => [gateway.DisposeAsync().AsTask(), gateway.Output.CompleteAsync().AsTask(), device.DisposeAsync().AsTask()],
            _ => [device.DisposeAsync().AsTask().ContinueWith(_ => gateway.DisposeAsync().AsTask(), TaskScheduler.Default).Unwrap()],
        });
        await Task.WhenAll(tasks);
        return secrets.All(Reachable.IsErased) && AreWhole(received, length);
    }

    private static async Task WriteAsync(SecureTunnelConnection tunnel, byte writer, int length, Random random)
    {
        try
        {
            for (byte i = 0; i < 250; i++)
            {
                byte[] message = new byte[length];
                message.AsSpan().Fill(i);
                message[0] = writer;
                using var stop = new CancellationTokenSource();
                if (random.Next(4) == 0)
                {
                    tunnel.Output.CancelPendingFlush();
                }

                Task<FlushResult> write = tunnel.Output.WriteAsync(message, stop.Token).AsTask();
                if (random.Next(4) == 0)
                {
                    await stop.CancelAsync();
                }

                await write.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                if (write.IsFaulted)
                {
                    await write;
                }
            }
        }
        catch (Exception e) when (IsOfAnEnd(e))
        {
            // the tunnel is over
        }
    }

    private static async Task ReadAsync(SecureTunnelConnection tunnel, List<byte> received)
    {
        try
        {
            while (true)
            {
                ReadResult result = await tunnel.Input.ReadAsync();
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    received.AddRange(segment.Span);
                }

                tunnel.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (IsOfAnEnd(e))
        {
            // the tunnel is over
        }
    }

    private static async Task UpdateAsync(SecureTunnelConnection tunnel)
    {
        try
        {
            for (int i = 0; i < 6; i++)
            {
                await tunnel.UpdateKeyAsync(requestPeer: i % 2 == 0);
            }
        }
        catch (Exception e) when (IsOfAnEnd(e))
        {
            // the tunnel is over
        }
    }

    /// <summary>What the end of a tunnel or of its transport may look like to who is in a call.</summary>
    private static bool IsOfAnEnd(Exception e) => e is InvalidOperationException or SecureTunnelTruncatedException or OperationCanceledException;

    /// <summary>Messages of one length, of which the last may be cut: the writer, then one and the same number, which grows.</summary>
    private static bool AreWhole(List<byte> received, int length)
    {
        int[] last = [-1, -1, -1, -1];
        for (int start = 0; start + length <= received.Count; start += length)
        {
            byte writer = received[start];
            byte number = received[start + 1];
            if (writer >= last.Length || number <= last[writer] || received.Skip(start + 1).Take(length - 1).Any(b => b != number))
            {
                return false;
            }

            last[writer] = number;
        }

        return true;
    }
}
