using Flint.Testing;

namespace Flint.Coap.Tests.Properties;

/// <summary>The codec's short ways against its plain ones: the reader's first pass against the one that names faults, and the writer with much room against one with just enough.</summary>
public sealed class QuickPathProperties
{
    [Fact]
    public void FirstPass_Accepts_WhatTheJudgeAccepts() =>
        PropertyRunner.Check(MessageGenerator.NearlyMessages(message => message.WriteDatagram()), AgreesAnywhere, 20000);

    [Fact]
    public void FirstPass_OverHostileDatagrams_AgreesWithTheJudge()
    {
        var datagrams = new HostileDatagrams(20260701);
        var buffer = new byte[HostileDatagrams.MaxLength];
        int accepted = 0;
        int left = 0;
        for (int i = 0; i < 300_000; i++)
        {
            int length = datagrams.Next(buffer);
            int start = Math.Min(length, 4);
            bool judged = AgreesWithJudge(buffer.AsSpan(0, length), start);
            bool found = CoapOptionFormat.FindEnd(buffer.AsSpan(0, length), start) >= 0;
            accepted += found ? 1 : 0;
            left += judged && !found ? 1 : 0;
        }

        Assert.True(accepted > 50_000, $"{accepted} accepted by the first pass");
        Assert.True(left * 3 < accepted, $"{left} left to the second pass, {accepted} not");
    }

    /// <summary>Option numbers that add up to more than 65535 only together, by plain deltas, by extended ones and by so many that a sum of 32 bits would wrap.</summary>
    [Theory]
    [InlineData("c0", 5461, true)]
    [InlineData("c0", 5462, false)]
    [InlineData("e0ffff", 1, false)]
    [InlineData("e0fef2", 1, true)]
    [InlineData("e0fef2", 2, false)]
    [InlineData("e0ffff", 65_270, false)]
    [InlineData("d000", 5041, true)]
    [InlineData("d000", 5042, false)]
    public void NumbersThatAddUp_AreBounded(string option, int count, bool fits)
    {
        byte[] one = Convert.FromHexString(option);
        byte[] message = [.. Enumerable.Repeat(one, count).SelectMany(bytes => bytes), 0xff, 1, 2, 3, 4];

        Assert.Equal(fits ? CoapReadStatus.Ok : CoapReadStatus.OptionNumberTooLarge, CoapOptionFormat.Validate(message, 0, out int end));
        Assert.True(AgreesWithJudge(message, 0) == fits);
        Assert.True(!fits || end == message.Length - 5);
    }

    [Fact]
    public void EveryOptionHeader_BeforeEveryRest_IsJudgedAlike()
    {
        byte[] message = new byte[16];
        for (int head = 0; head < 256; head++)
        {
            for (int length = 1; length <= message.Length; length++)
            {
                for (int fill = 0; fill < 256; fill += 17)
                {
                    message.AsSpan().Fill((byte)fill);
                    message[0] = (byte)head;
                    AgreesWithJudge(message.AsSpan(0, length), 0);
                }
            }
        }
    }

    [Fact]
    public void Writer_WithMuchRoomAndWithJustEnough_WritesTheSame() => PropertyRunner.Check(MessageGenerator.Any(), RoomDoesNotMatter);

    /// <summary>Each length and delta at the steps of the short way, each buffer from nothing to plenty: the same bytes, or no message.</summary>
    [Fact]
    public void EveryShortOption_IntoEveryBuffer_IsWrittenOrRefused()
    {
        byte[] value = [0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88, 0x79, 0x6a, 0x5b, 0x4c, 0x3d, 0x2e];
        for (int length = 0; length <= value.Length; length++)
        {
            for (int delta = 11; delta <= 14; delta++)
            {
                for (int token = 0; token <= 8; token++)
                {
                    byte[] expected =
                    [
                        (byte)(0x40 | token), 0x45, 0x12, 0x34, .. value[..token],
                        (byte)(Math.Min(delta, 13) << 4 | Math.Min(length, 13)), .. delta > 12 ? [(byte)(delta - 13)] : Array.Empty<byte>(), .. length > 12 ? [(byte)(length - 13)] : Array.Empty<byte>(),
                        .. value[..length],
                    ];
                    for (int room = 0; room <= expected.Length + 20; room++)
                    {
                        byte[] whole = Fenced(room);
                        var writer = new CoapMessageWriter(Within(whole, room));
                        writer.WriteHeader(CoapType.Confirmable, CoapCode.Content, 0x1234, value.AsSpan(0, token));
                        writer.WriteOption((CoapOptionNumber)delta, value.AsSpan(0, length));
                        Assert.Equal(room >= expected.Length, writer.TryComplete(out int written));
                        Assert.Equal(room >= expected.Length ? expected : [], Within(whole, room)[..written].ToArray());
                        AssertFencesStand(whole, room);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(0u, "c0")]
    [InlineData(1u, "c101")]
    [InlineData(0xffu, "c1ff")]
    [InlineData(0x100u, "c20100")]
    [InlineData(0xffffu, "c2ffff")]
    [InlineData(0x10000u, "c3010000")]
    [InlineData(0xffffffu, "c3ffffff")]
    [InlineData(0x1000000u, "c401000000")]
    [InlineData(uint.MaxValue, "c4ffffffff")]
    public void EveryLengthOfNumber_IntoEveryBuffer_IsWrittenOrRefused(uint value, string option)
    {
        byte[] expected = [0x40, 1, 0, 7, .. Convert.FromHexString(option)];
        for (int room = 0; room <= 40; room++)
        {
            byte[] whole = Fenced(room);
            var writer = new CoapMessageWriter(Within(whole, room));
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 7, []);
            writer.WriteOption(CoapOptionNumber.ContentFormat, value);
            Assert.Equal(room >= expected.Length, writer.TryComplete(out int written));
            Assert.Equal(room >= expected.Length ? expected : [], Within(whole, room)[..written].ToArray());
            AssertFencesStand(whole, room);
        }
    }

    private static void AgreesAnywhere(byte[] bytes)
    {
        for (int start = 0; start <= Math.Min(bytes.Length, 8); start++)
        {
            AgreesWithJudge(bytes, start);
        }
    }

    /// <summary>What the first pass takes, the judge takes with the same end; what it does not take is the judge's alone, and the whole is the judge's answer.</summary>
    /// <returns>Whether the judge takes it.</returns>
    private static bool AgreesWithJudge(ReadOnlySpan<byte> message, int start)
    {
        CoapReadStatus judged = CoapOptionFormat.Judge(message, start, out int judgedEnd);
        int found = CoapOptionFormat.FindEnd(message, start);
        Assert.True(found < 0 || (judged == CoapReadStatus.Ok && found == judgedEnd), $"{found} against {judged} {judgedEnd} in {Convert.ToHexString(message)}");
        Assert.Equal(judged, CoapOptionFormat.Validate(message, start, out int end));
        Assert.Equal(judgedEnd, end);
        return judged == CoapReadStatus.Ok;
    }

    private static void RoomDoesNotMatter(PlainMessage plain)
    {
        byte[] exact = plain.WriteDatagram();
        foreach (int spare in new[] { 0, 1, 7, 8, 16, 17, 18, 64 })
        {
            int room = exact.Length + spare;
            byte[] whole = Fenced(room);
            var writer = new CoapMessageWriter(Within(whole, room));
            writer.WriteHeader(plain.Type, plain.Code, plain.MessageId, plain.Token);
            Messages.WriteBody(ref writer, plain.Options, plain.Payload);
            Assert.True(writer.TryComplete(out int length));
            Assert.Equal(exact, Within(whole, room)[..length].ToArray());
            AssertFencesStand(whole, room);
        }

        if (exact.Length > 0)
        {
            byte[] whole = Fenced(exact.Length - 1);
            var writer = new CoapMessageWriter(Within(whole, exact.Length - 1));
            writer.WriteHeader(plain.Type, plain.Code, plain.MessageId, plain.Token);
            Messages.WriteBody(ref writer, plain.Options, plain.Payload);
            Assert.False(writer.TryComplete(out int length));
            Assert.Equal(0, length);
            AssertFencesStand(whole, exact.Length - 1);
        }
    }

    /// <summary>A buffer between bytes that a store beyond its ends would change.</summary>
    private static byte[] Fenced(int room)
    {
        var whole = new byte[Fence + room + Fence];
        whole.AsSpan().Fill(Untouched);
        return whole;
    }

    private static Span<byte> Within(byte[] whole, int room) => whole.AsSpan(Fence, room);

    private static void AssertFencesStand(byte[] whole, int room)
    {
        Assert.Equal(-1, whole.AsSpan(0, Fence).IndexOfAnyExcept(Untouched));
        Assert.Equal(-1, whole.AsSpan(Fence + room).IndexOfAnyExcept(Untouched));
    }

    private const int Fence = 32;
    private const byte Untouched = 0xa5;
}
