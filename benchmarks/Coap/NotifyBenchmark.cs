using BenchmarkDotNet.Attributes;
using Flint.Coap;

namespace Flint.Benchmarks.Coap;

/// <summary>A change of a resource told to 1, 100 and 10,000 observers, each a peer of its own, up to the datagrams; against writing as many notifications.</summary>
[MemoryDiagnoser]
public class NotifyBenchmark
{
    private readonly byte[] _buffer = new byte[256];
    private readonly byte[] _token = [1, 2, 3, 4];
    private CoapMessageLayer _layer = null!;
    private CoapObservers _observers = null!;
    private int _resource;
    private long _now = TimeSpan.TicksPerSecond;

    [Params(1, 100, 10_000)]
    public int Observers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var now = new TimeSpan(_now);
        _layer = new CoapMessageLayer(new CoapMessageLayerOptions(), new byte[16]);
        _observers = new CoapObservers(new CoapObserversOptions { ConfirmableEvery = int.MaxValue, ConfirmableAfter = TimeSpan.FromHours(24), NonConfirmableInterval = TimeSpan.Zero }, _layer);
        _observers.TryAddResource(out _resource);
        for (int i = 0; i < Observers; i++)
        {
            _layer.TryAddPeer(now, out CoapPeerHandle peer);
            _observers.Register(_resource, peer, _token, null, now, out _, out _);
        }

        if (Notify() != Observers)
        {
            throw new InvalidOperationException("The output is wrong.");
        }
    }

    [Benchmark(Baseline = true)]
    public int Write()
    {
        int sum = 0;
        for (int i = 0; i < Observers; i++)
        {
            sum += Encode(_token, (uint)i & 0xffffff);
        }

        return sum;
    }

    [Benchmark]
    public int Notify()
    {
        // At 200 changes a second, no message id is needed again before its time.
        _now += TimeSpan.TicksPerSecond / 200;
        var now = new TimeSpan(_now);
        int sent = 0;
        _observers.Notify(_resource, now);
        while (_observers.TryTakeNotification(now, out CoapNotification notification))
        {
            int length = Encode(notification.Token, notification.Sequence);
            if (_layer.TrySendNonConfirmable(notification.Peer, _buffer.AsSpan(0, length), now, out ushort messageId) == CoapSendStatus.Ok)
            {
                _observers.OnSentNonConfirmable(notification.Observer, messageId, now);
            }
            else
            {
                _observers.OnNotSent(notification.Observer, now);
            }

            while (_layer.TryTakeDatagram(out _, out _))
            {
                sent++;
            }
        }

        return sent;
    }

    private int Encode(ReadOnlySpan<byte> token, uint sequence)
    {
        var writer = new CoapMessageWriter(_buffer);
        writer.WriteHeader(CoapType.NonConfirmable, CoapCode.Content, 0, token);
        writer.WriteOption(CoapOptionNumber.Observe, sequence);
        writer.WritePayload("22.3 C"u8);
        writer.TryComplete(out int length);
        return length;
    }
}
