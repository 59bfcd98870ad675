namespace Flint.Coap.Tests.QBlock;

/// <summary>[C-150] [C-151] The figures of RFC 9177 section 10, and the timers of its section 7.2, on the machines alone.</summary>
public sealed class MachineTests
{
    private static readonly CoapQBlockOptions Options = new();

    private TimeSpan _now = TimeSpan.FromSeconds(1000);

    [Fact]
    public void Parameters_ByDefault_AreThoseOfTable3()
    {
        Assert.Equal(10, Options.MaxPayloads);
        Assert.Equal(4, Options.NonMaxRetransmit);
        Assert.Equal(TimeSpan.FromSeconds(2), Options.NonTimeout);
        Assert.Equal(TimeSpan.FromSeconds(4), Options.NonReceiveTimeout);
        Assert.Equal(TimeSpan.FromSeconds(248), Options.NonProbingWait);
        Assert.Equal(TimeSpan.FromSeconds(247), Options.NonPartialTimeout);
        Assert.Equal(TimeSpan.FromSeconds(264), Options.AnswerTimeout);
        Assert.False(Options.Use);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Options_OutOfRange_AreRefused(int which)
    {
        CoapQBlockOptions options = which switch
        {
            0 => new() { MaxPayloads = 0 },
            1 => new() { NonReceiveTimeout = TimeSpan.FromSeconds(3.9) },
            2 => new() { NonTimeout = TimeSpan.Zero },
            3 => new() { MaxBodies = 0 },
            _ => new() { NonMaxRetransmit = 17 },
        };
        Assert.Throws<ArgumentOutOfRangeException>(options.Validate);
    }

    /// <summary>Figure 3: fewer blocks than a set.</summary>
    [Fact]
    public void Sender_OfFourBlocks_SendsThemAtOnce()
    {
        QBlockSender sender = Sender(4);
        Assert.Equal("0+ 1+ 2+ 3", Burst(sender));
        Assert.Equal(QBlockSenderState.Waiting, sender.State);
        sender.End();
        Assert.Null(sender.NextDeadline);
    }

    /// <summary>Figure 4: the second set follows 2.31 at once.</summary>
    [Fact]
    public void Sender_OfElevenBlocks_GoesOnAfterContinue()
    {
        QBlockSender sender = Sender(11);
        Assert.Equal("0+ 1+ 2+ 3+ 4+ 5+ 6+ 7+ 8+ 9+", Burst(sender));
        Assert.Equal("", Burst(sender));
        sender.OnContinue(10);
        Assert.Equal("10", Burst(sender));
    }

    /// <summary>Section 7.2: without 2.31 the pause is NON_TIMEOUT_RANDOM, the same each time.</summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 3)]
    [InlineData(0.5, 2.5)]
    public void Sender_WithoutAnAnswer_PausesBetweenSets(double chance, double seconds)
    {
        var sender = new QBlockSender(Options, 25 * 1024, 6, chance, repeatsLast: true);
        Assert.Equal(10, Count(Burst(sender)));
        for (int set = 0; set < 2; set++)
        {
            Assert.Equal(_now + TimeSpan.FromSeconds(seconds), sender.NextDeadline);
            Pass(sender, seconds - 0.01);
            Assert.Equal("", Burst(sender));
            Pass(sender, 0.01);
            Assert.Equal(set == 0 ? 10 : 5, Count(Burst(sender)));
        }
    }

    /// <summary>Figures 5 and 6: what is missing goes before the rest of the set, and another pause follows.</summary>
    [Fact]
    public void Sender_ToldWhatIsMissing_SendsItFirst()
    {
        QBlockSender sender = Sender(33);
        Burst(sender);
        Pass(sender, 2);
        Assert.True(sender.TryTake(_now, out CoapBlock block, out _));
        Assert.True(sender.TryTake(_now, out block, out _));
        Assert.Equal(11, block.Number);
        sender.OnMissing([1, 9]);
        Assert.Equal("1+! 9+! 12+ 13+ 14+ 15+ 16+ 17+ 18+ 19+", Burst(sender));
        Assert.Equal(_now + TimeSpan.FromSeconds(2), sender.NextDeadline);
        sender.OnMissing([10]);
        Assert.Equal("10+!", Burst(sender));
        Assert.Equal(QBlockSenderState.Pausing, sender.State);
    }

    /// <summary>Old news changes nothing: 2.31 for a set before the last one, blocks that do not exist, the same ones twice.</summary>
    [Fact]
    public void Sender_ToldNonsense_SendsNothing()
    {
        QBlockSender sender = Sender(25);
        Burst(sender);
        sender.OnContinue(9);
        sender.OnMissing([]);
        sender.OnMissing([25, 1 << 19]);
        Assert.Equal("", Burst(sender));
        sender.OnMissing([3]);
        sender.OnMissing([3]);
        Assert.Equal("3+!", Burst(sender));
    }

    /// <summary>A block that was not sent yet is missed by who has everything before: as good as 2.31.</summary>
    [Fact]
    public void Sender_AskedForTheNextSet_SendsIt()
    {
        QBlockSender sender = Sender(25);
        Burst(sender);
        sender.OnMissing([10, 11, 12]);
        Assert.Equal(10, Count(Burst(sender)));
    }

    [Fact]
    public void Sender_NeverAnswered_RepeatsTheLastBlockAndGivesUp()
    {
        QBlockSender sender = Sender(2);
        Burst(sender);
        foreach (double wait in new[] { 4, 8, 16, 32 })
        {
            Assert.Equal(_now + TimeSpan.FromSeconds(wait), sender.NextDeadline);
            Pass(sender, wait);
            Assert.Equal("1!", Burst(sender));
        }

        Pass(sender, 64);
        Assert.Equal(QBlockSenderState.Ended, sender.State);
        Assert.Null(sender.NextDeadline);
    }

    /// <summary>Who asks for ever more is given up: a body goes out nine times at most.</summary>
    [Fact]
    public void Sender_AskedWithoutEnd_Ends()
    {
        QBlockSender sender = Sender(10);
        Burst(sender);
        int sent = 10;
        for (int i = 0; i < 10_000 && sender.State != QBlockSenderState.Ended; i++)
        {
            sender.OnMissing([0, 1, 2, 3, 4]);
            sent += Count(Burst(sender));
        }

        Assert.Equal(QBlockSenderState.Ended, sender.State);
        Assert.InRange(sent, 11, 200);
    }

    [Fact]
    public void Receiver_OfAWholeSet_SaysContinueOnce()
    {
        QBlockReceiver receiver = Receiver(25);
        foreach (int number in new[] { 3, 1, 0, 2, 9, 8, 7, 4, 5 })
        {
            Assert.Equal(QBlockReceipt.Stored, Take(receiver, number));
            Assert.Equal("", Ask(receiver));
        }

        Take(receiver, 6);
        Assert.Equal("continue 10", Ask(receiver));
        Assert.Equal("", Ask(receiver));
    }

    /// <summary>Figure 6: a block of the next set shows what is lost of this one; asked for once, and again after NON_RECEIVE_TIMEOUT.</summary>
    [Fact]
    public void Receiver_SeeingTheNextSet_AsksForWhatIsMissing()
    {
        QBlockReceiver receiver = Receiver(13);
        for (int number = 0; number < 9; number++)
        {
            if (number != 1)
            {
                Take(receiver, number);
            }
        }

        Take(receiver, 11);
        Assert.Equal("missing 1 9", Ask(receiver));
        Take(receiver, 12);
        Assert.Equal("", Ask(receiver));
        Take(receiver, 1);
        Take(receiver, 9);
        Assert.Equal("", Ask(receiver));
        Pass(receiver, 4);
        Assert.Equal("missing 10", Ask(receiver));
        Assert.Equal(QBlockReceipt.Complete, Take(receiver, 10));
    }

    /// <summary>Figure 7: asked four times, each time after twice as long; then the part is given up.</summary>
    [Fact]
    public void Receiver_OfNothingMore_AsksFourTimesAndGivesUp()
    {
        QBlockReceiver receiver = Receiver(3);
        Take(receiver, 0);
        Take(receiver, 2);
        foreach (double wait in new[] { 4, 8, 16, 32 })
        {
            Pass(receiver, wait - 0.01);
            Assert.Equal("", Ask(receiver));
            Pass(receiver, 0.01);
            Assert.Equal("missing 1", Ask(receiver));
        }

        Pass(receiver, 64);
        Assert.Equal(QBlockReceiverState.Ended, receiver.State);
        Assert.Equal(QBlockReceipt.Fault, Take(receiver, 1));
    }

    [Theory]
    [InlineData(true, "continue 10")]
    [InlineData(false, "missing 10 11 12 13 14 15 16 17 18 19")]
    public void Receiver_WaitingForASet_AsksForItInItsWay(bool asksForSets, string ask)
    {
        QBlockReceiver receiver = Receiver(25, asksForSets);
        for (int number = 0; number < 10; number++)
        {
            Take(receiver, number);
        }

        Ask(receiver);
        Pass(receiver, 4);
        Assert.Equal(ask, Ask(receiver));
    }

    [Theory]
    [InlineData(3, true, 6, 1024)]       // beyond the end
    [InlineData(2, true, 6, 1024)]       // the last with more
    [InlineData(1, false, 6, 1024)]      // not the last without
    [InlineData(1, true, 5, 512)]        // another size
    [InlineData(1, true, 6, 1023)]       // not full
    [InlineData(2, false, 6, 1024)]      // the last too long
    public void Receiver_GivenABlockOfSomethingElse_TakesNothing(int number, bool more, int exponent, int length)
    {
        var receiver = new QBlockReceiver(Options, 2500, 6, asksForSets: false, _now);

        Assert.Equal(QBlockReceipt.Fault, receiver.OnBlock(new CoapBlock(number, more, exponent), length, _now));
    }

    [Fact]
    public void Receiver_GivenABlockTwice_CountsItOnce()
    {
        QBlockReceiver receiver = Receiver(2);
        Assert.Equal(QBlockReceipt.Stored, Take(receiver, 0));
        Assert.Equal(QBlockReceipt.Repeated, Take(receiver, 0));
        Assert.Equal(QBlockReceipt.Complete, Take(receiver, 1));
        Assert.Equal(QBlockReceipt.Repeated, Take(receiver, 1));
        Pass(receiver, 263.9);
        Assert.Equal(QBlockReceiverState.Complete, receiver.State);
        Pass(receiver, 0.1);
        Assert.Equal(QBlockReceiverState.Ended, receiver.State);
    }

    /// <summary>What has arrived is remembered for longer than a sender may repeat, whatever the parameters.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    public void Answer_IsRememberedForLongerThanASenderRepeats(int maxRetransmit)
    {
        var options = new CoapQBlockOptions { NonMaxRetransmit = maxRetransmit };
        var sender = new QBlockSender(options, 100, 6, 1, repeatsLast: true);
        TimeSpan last = _now;
        while (sender.State != QBlockSenderState.Ended)
        {
            while (sender.TryTake(_now, out _, out _))
            {
                last = _now;
            }

            _now = sender.NextDeadline ?? _now;
            sender.OnDeadline(_now);
        }

        Assert.True(last - TimeSpan.FromSeconds(1000) + (2 * options.MaxLatency) <= options.AnswerTimeout);
    }

    [Theory]
    [InlineData("0/1", "whole 0")]
    [InlineData("10/1", "whole 10")]
    [InlineData("0/0", "0")]
    [InlineData("1/0 9/0", "1 9")]
    [InlineData("2/1", "2 3 4 5 6 7 8 9")]
    [InlineData("1/0 5/1", "1 5 6 7 8 9")]
    [InlineData("9/0 1/0", "malformed")]
    [InlineData("1/0 1/0", "malformed")]
    [InlineData("2/1 5/0", "malformed")]
    [InlineData("1/0 10/1", "malformed")]
    [InlineData("0/0 1/0 2/0 3/0 4/0 5/0 6/0 7/0 8/0 9/0 10/0", "malformed")]
    public void Request_ForBlocks_IsReadAsSection44Says(string text, string expected)
    {
        var options = new CoapOptionList();
        foreach (string part in text.Split(' '))
        {
            string[] numbers = part.Split('/');
            options.Add(CoapOptionNumber.QBlock2, new CoapBlock(int.Parse(numbers[0]), numbers[1] == "1", 6).Value);
        }

        var asked = new int[Options.MaxPayloads];
        string read = !QBlocks.TryReadAsked(options.View, Options.MaxPayloads, out CoapBlock first, asked, out int count)
            ? "malformed"
            : count == 0 ? $"whole {first.Number}" : string.Join(' ', asked[..count]);

        Assert.Equal(expected, read);
    }

    private static QBlockSender Sender(int blocks) => new(Options, (blocks * 1024L) - 7, 6, 0, repeatsLast: true);

    private QBlockReceiver Receiver(int blocks, bool asksForSets = false) => new(Options, blocks * 1024L, 6, asksForSets, _now);

    private QBlockReceipt Take(QBlockReceiver receiver, int number) => receiver.OnBlock(new CoapBlock(number, number != receiver.Blocks - 1, 6), 1024, _now);

    private static int Count(string burst) => burst.Length == 0 ? 0 : burst.Split(' ').Length;

    private string Burst(QBlockSender sender)
    {
        var blocks = new List<string>();
        while (sender.TryTake(_now, out CoapBlock block, out bool wasMissing))
        {
            blocks.Add($"{block.Number}{(block.More ? "+" : "")}{(wasMissing ? "!" : "")}");
        }

        return string.Join(' ', blocks);
    }

    private static string Ask(QBlockReceiver receiver)
    {
        var missing = new int[Options.MaxPayloads];
        return !receiver.TryTakeAsk(out int next, missing, out int count) ? "" : count == 0 ? $"continue {next}" : "missing " + string.Join(' ', missing[..count]);
    }

    private void Pass(QBlockSender sender, double seconds)
    {
        _now += TimeSpan.FromSeconds(seconds);
        sender.OnDeadline(_now);
    }

    private void Pass(QBlockReceiver receiver, double seconds)
    {
        _now += TimeSpan.FromSeconds(seconds);
        receiver.OnDeadline(_now);
    }
}
