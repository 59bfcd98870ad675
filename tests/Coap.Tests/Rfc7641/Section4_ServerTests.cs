using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Rfc7641;

/// <summary>RFC 7641 section 4: the server, its observers on a message layer.</summary>
public sealed class Section4_ServerTests
{
    private readonly LayerUnderTest _layer = new();
    private readonly List<string> _taken = [];
    private CoapObservers _observers = null!;
    private int _resource;

    public Section4_ServerTests() => Use(new CoapObserversOptions());

    [Fact]
    public void Registration_SamePeerAndToken_IsOneObserver()
    {
        Assert.Equal(CoapRegisterStatus.Registered, Register("aa", out uint first));
        Assert.Equal(CoapRegisterStatus.Renewed, Register("aa", out uint second));
        Assert.Equal(CoapRegisterStatus.Registered, Register("", out _));
        Assert.True(second > first);
        Assert.Equal(2, _observers.Count);
    }

    [Fact]
    public void Registration_SameTokenOtherResource_Moves()
    {
        Register("aa", out _);
        Assert.True(_observers.TryAddResource(out int other));
        Assert.Equal(CoapRegisterStatus.Registered, _observers.Register(other, _layer.Peer, [0xaa], null, _layer.Now, out _, out _));
        Assert.Equal(1, _observers.Count);
        _observers.Notify(_resource, _layer.Now);
        Assert.Empty(Send());
    }

    [Fact]
    public void Registration_BeyondALimit_IsNotAdded()
    {
        Use(new CoapObserversOptions { MaxObservers = 3, MaxObserversPerPeer = 2 });
        Register("01", out _);
        Register("02", out _);
        Assert.Equal(CoapRegisterStatus.NotAdded, Register("03", out _));
        CoapPeerHandle other = _layer.AddPeer();
        Assert.Equal(CoapRegisterStatus.Registered, _observers.Register(_resource, other, [3], null, _layer.Now, out _, out _));
        Assert.Equal(CoapRegisterStatus.NotAdded, _observers.Register(_resource, other, [4], null, _layer.Now, out _, out _));
        Assert.True(_observers.Deregister(other, [3]));
        Assert.Equal(CoapRegisterStatus.NotAdded, _observers.Register(_resource, other, new byte[9], null, _layer.Now, out _, out _));
        Assert.Equal(CoapRegisterStatus.Registered, _observers.Register(_resource, other, [4], null, _layer.Now, out _, out _));
    }

    [Fact]
    public void Deregistration_StopsNotifications()
    {
        Register("aa", out _);
        Assert.True(_observers.Deregister(_layer.Peer, [0xaa]));
        Assert.False(_observers.Deregister(_layer.Peer, [0xaa]));
        _observers.Notify(_resource, _layer.Now);
        Assert.Empty(Send());
        Assert.Equal(0, _observers.Count);
    }

    /// <summary>Section 4.4: the numbers grow, and wrap at 2^24.</summary>
    [Fact]
    public void Sequence_EveryNotification_IsNewerThanTheOneBefore()
    {
        Use(new CoapObserversOptions { FirstSequence = (1 << 24) - 3, NonConfirmableInterval = TimeSpan.Zero, ConfirmableEvery = 100 });
        Register("aa", out uint last);
        for (int i = 0; i < 10; i++)
        {
            _observers.Notify(_resource, _layer.Now);
            Assert.True(_observers.TryTakeNotification(_layer.Now, out CoapNotification notification));
            Assert.True(CoapObservation.IsNewer(last, notification.Sequence));
            last = notification.Sequence;
            _observers.OnSentNonConfirmable(notification.Observer, (ushort)i, _layer.Now);
        }
    }

    /// <summary>[C-124] Section 4.5.1: what changes faster than every three seconds is told every three seconds, with its newest state.</summary>
    [Fact]
    public void Pace_NonConfirmable_IsOneInThreeSeconds()
    {
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        Assert.Single(Send());
        _observers.Notify(_resource, _layer.Now);
        _observers.Notify(_resource, _layer.Now);
        Assert.Empty(Send());
        Assert.Equal(_layer.Now + TimeSpan.FromSeconds(3), _observers.NextDeadline);
        Pass(2.9);
        Assert.Empty(Send());
        Pass(0.1);
        Assert.Single(Send());
        Assert.Null(_observers.NextDeadline);
    }

    /// <summary>Section 4.5: now and then one is confirmable.</summary>
    [Fact]
    public void Confirmable_EveryFourth_AndAfterAnHour()
    {
        Use(new CoapObserversOptions { ConfirmableEvery = 4, ConfirmableAfter = TimeSpan.FromHours(1) });
        Register("aa", out _);
        var types = new List<string>();
        for (int i = 0; i < 9; i++)
        {
            Pass(4);
            _observers.Notify(_resource, _layer.Now);
            byte[] sent = Assert.Single(Send());
            types.Add(Datagrams.Describe(sent)[..3]);
            Acknowledge(sent);
        }

        Assert.Equal(["NON", "NON", "NON", "CON", "NON", "NON", "NON", "CON", "NON"], types);
        Pass(3600);
        _observers.Notify(_resource, _layer.Now);
        Assert.StartsWith("CON", Datagrams.Describe(Assert.Single(Send())), StringComparison.Ordinal);
    }

    /// <summary>[C-123] Section 3.6: a reset ends it, to a non-confirmable notification too, and also when newer ones are under way.</summary>
    [Fact]
    public void Reset_ToANonConfirmable_RemovesTheObserver()
    {
        Register("aa", out _);
        Register("bb", out _);
        var sent = new List<byte[]>();
        for (int i = 0; i < 3; i++)
        {
            _observers.Notify(_resource, _layer.Now);
            sent.AddRange(Send());
            Pass(3);
        }

        Reset(sent[0]);
        Assert.Equal(1, _observers.Count);
        Assert.False(_observers.OnReset(_layer.Peer, LayerUnderTest.MessageIdOf(sent[0])));
        Assert.False(_observers.OnReset(_layer.AddPeer(), LayerUnderTest.MessageIdOf(sent[1])));
        Reset(sent[1]);
        Assert.Equal(0, _observers.Count);
    }

    /// <summary>[C-122]</summary>
    [Fact]
    public void Reset_ToAConfirmable_RemovesTheObserver()
    {
        Use(new CoapObserversOptions { ConfirmableEvery = 1 });
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        Reset(Assert.Single(Send()));
        Assert.Equal(0, _observers.Count);
        _layer.AssertEmptyAtTheEnd();
    }

    /// <summary>[C-122] Section 4.5: a client that does not acknowledge is interested no more, and is sent nothing more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Client_Gone_IsRemoved(bool icmp)
    {
        Use(new CoapObserversOptions { ConfirmableEvery = 1 });
        Register("aa", out _);
        Register("bb", out _);
        _observers.Notify(_resource, _layer.Now);
        Assert.Single(Send());
        if (icmp)
        {
            _layer.Layer.OnUnreachable(_layer.Peer, _layer.Now);
        }
        else
        {
            Pass(62);
        }

        Send();
        Assert.Equal(0, _observers.Count);
        _observers.Notify(_resource, _layer.Now);
        Assert.False(_observers.TryTakeNotification(_layer.Now, out _));
        Pass(70);
        _layer.AssertEmptyAtTheEnd();
    }

    /// <summary>Section 4.5.2: one confirmable notification under way; its retransmission carries the newest state.</summary>
    [Fact]
    public void Change_WhileTransmitting_TakesThePlaceOfTheOld()
    {
        Use(new CoapObserversOptions { ConfirmableEvery = 1 });
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        byte[] first = Assert.Single(Send());
        _observers.Notify(_resource, _layer.Now);
        _observers.Notify(_resource, _layer.Now);
        Assert.Empty(Send());
        Assert.Equal(["CON", "replaces"], _taken);

        string retransmission = Assert.Single(_layer.Pass(2));
        Assert.StartsWith("2: CON 2.05 ", retransmission, StringComparison.Ordinal);
        Assert.EndsWith(" aa 05", retransmission, StringComparison.Ordinal);
        Assert.EndsWith(" aa 03", Datagrams.Describe(first), StringComparison.Ordinal);
    }

    [Fact]
    public void Change_AcknowledgedInItsOldState_IsToldAgain()
    {
        Use(new CoapObserversOptions { ConfirmableEvery = 1 });
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        byte[] first = Assert.Single(Send());
        _observers.Notify(_resource, _layer.Now);
        Assert.Empty(Send());
        Acknowledge(first);
        byte[] second = Assert.Single(Send());
        Assert.EndsWith(" aa 04", Datagrams.Describe(second), StringComparison.Ordinal);
        Acknowledge(second);
        Assert.Empty(Send());
        _layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Notification_NotSent_IsGivenAgain()
    {
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        Assert.True(_observers.TryTakeNotification(_layer.Now, out CoapNotification notification));
        _observers.OnNotSent(notification.Observer, _layer.Now);
        Assert.False(_observers.TryTakeNotification(_layer.Now, out _));
        Pass(1);
        Assert.Single(Send());
    }

    [Fact]
    public void Peer_Observing_IsNotIdle()
    {
        Register("aa", out _);
        Pass(10000);
        Assert.False(_layer.Layer.TryTakeIdlePeer(_layer.Now, TimeSpan.Zero, out _));
        _layer.Receive(Datagrams.Empty(CoapType.Confirmable, 1));
        Assert.True(_observers.Deregister(_layer.Peer, [0xaa]));
        Assert.False(_layer.Layer.TryTakeIdlePeer(_layer.Now, TimeSpan.FromSeconds(10), out _));
        Pass(10);
        Assert.True(_layer.Layer.TryTakeIdlePeer(_layer.Now, TimeSpan.Zero, out CoapPeerHandle peer));
        Assert.Equal(_layer.Peer, peer);
    }

    [Fact]
    public void Handles_OfARemovedObserver_DoNothing()
    {
        Register("aa", out _);
        _observers.Notify(_resource, _layer.Now);
        Assert.True(_observers.TryTakeNotification(_layer.Now, out CoapNotification notification));
        Assert.True(_observers.Remove(notification.Observer));
        Register("bb", out _);
        _observers.OnSentNonConfirmable(notification.Observer, 1, _layer.Now);
        _observers.OnNotSent(notification.Observer, _layer.Now);
        Assert.False(_observers.Remove(notification.Observer));
        Assert.Equal(1, _observers.Count);
        Assert.Null(_observers.NextDeadline);
    }

    [Fact]
    public void Notifications_InSteadyState_AllocateNothing()
    {
        Use(new CoapObserversOptions { NonConfirmableInterval = TimeSpan.Zero, ConfirmableEvery = 1000 });
        for (int i = 0; i < 50; i++)
        {
            Register($"{i:x2}", out _);
        }

        ushort id = 0;
        Action run = () =>
        {
            _observers.Notify(_resource, _layer.Now);
            while (_observers.TryTakeNotification(_layer.Now, out CoapNotification notification))
            {
                _observers.OnSentNonConfirmable(notification.Observer, id, _layer.Now);
            }
        };
        run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Use(CoapObserversOptions options)
    {
        _observers = new CoapObservers(options, _layer.Layer);
        Assert.True(_observers.TryAddResource(out _resource));
    }

    private CoapRegisterStatus Register(string token, out uint sequence)
    {
        CoapRegisterStatus status = _observers.Register(_resource, _layer.Peer, Convert.FromHexString(token), null, _layer.Now, out _, out sequence);
        return status;
    }

    private void Pass(double seconds)
    {
        _layer.Pass(seconds);
        _observers.OnDeadline(_layer.Now);
    }

    private void Acknowledge(byte[] sent)
    {
        _layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, LayerUnderTest.MessageIdOf(sent)));
        TakeEnded();
    }

    private void Reset(byte[] sent)
    {
        CoapReceived received = _layer.Receive(Datagrams.Empty(CoapType.Reset, LayerUnderTest.MessageIdOf(sent)));
        if (received.Kind == CoapReceivedKind.Reset)
        {
            Assert.True(_observers.OnReset(_layer.Peer, received.Message.MessageId));
        }

        TakeEnded();
    }

    private void TakeEnded()
    {
        while (_layer.Layer.TryTakeEnded(out CoapEnded ended))
        {
            _observers.OnEnded(ended, _layer.Now);
        }
    }

    /// <summary>Sends what is to be sent, as a server would. The payload is the number.</summary>
    private List<byte[]> Send()
    {
        TakeEnded();
        while (_observers.TryTakeNotification(_layer.Now, out CoapNotification notification))
        {
            byte[] message = Datagrams.Response(
                CoapCode.Content, Convert.ToHexString(notification.Token), payload: [(byte)(notification.Sequence & 0xff)], options: (CoapOptionNumber.Observe, notification.Sequence));
            if (notification.Replaces is CoapSendHandle old)
            {
                _taken.Add("replaces");
                Assert.True(_layer.Layer.TryReplace(old, message));
                _observers.OnReplaced(notification.Observer);
            }
            else if (notification.IsConfirmable)
            {
                _taken.Add("CON");
                Assert.Equal(CoapSendStatus.Ok, _layer.Layer.TrySendConfirmable(notification.Peer, message, this, _layer.Now, out CoapSendHandle handle));
                _observers.OnSentConfirmable(notification.Observer, handle, _layer.Now);
            }
            else
            {
                _taken.Add("NON");
                Assert.Equal(CoapSendStatus.Ok, _layer.Layer.TrySendNonConfirmable(notification.Peer, message, _layer.Now, out ushort id));
                _observers.OnSentNonConfirmable(notification.Observer, id, _layer.Now);
            }
        }

        return _layer.SentBytes();
    }
}
