using System.Globalization;
using Flint.Coap.Tests.Properties;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>
/// Two readers that know nothing of each other, ours and libcoap's, on the same datagrams: they take the same ones but for the rows of <see cref="Differences"/>, and where both take
/// one, they read the same header, token, options and payload. docs/interop.md says why each row is legitimate.
/// </summary>
public sealed class DifferentialTests
{
    /// <summary>What one takes and the other does not, with a short datagram of each kind.</summary>
    public static TheoryData<string, string, CoapReadStatus, bool> Differences => new()
    {
        { "D1", "50000001", CoapReadStatus.NonConfirmableEmpty, true },
        { "D2", "60010001", CoapReadStatus.AcknowledgementWithRequest, true },
        { "D3", "70450001", CoapReadStatus.ResetNotEmpty, true },
        { "D4", "40200001", CoapReadStatus.ReservedCodeClass, true },
        { "D4", "40e10001", CoapReadStatus.ReservedCodeClass, true },
        { "D5", "40010001" + "73010203", CoapReadStatus.Ok, false },
        { "D6", "40010001" + "d002", CoapReadStatus.Ok, false },
        { "D7", "40010001" + "e0fef3", CoapReadStatus.OptionNumberTooLarge, true },
        { "D7", "40010001" + "e0feff", CoapReadStatus.OptionNumberTooLarge, true },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Difference_IsAsListed(string row, string datagram, CoapReadStatus ours, bool theyTakeIt)
    {
        using LibCoapParser theirs = LibCoapParser.Require();
        byte[] bytes = Convert.FromHexString(datagram);

        Assert.NotEmpty(row);
        Assert.Equal(ours, CoapMessageReader.TryRead(bytes, out _));
        Assert.Equal(theyTakeIt, theirs.TryParse(bytes));
    }

    /// <summary>200,000 datagrams, or as many as FLINT_FUZZ says.</summary>
    [Fact]
    public void Datagrams_RandomAndMutated_AreReadAlike()
    {
        using LibCoapParser theirs = LibCoapParser.Require();
        int count = int.TryParse(Environment.GetEnvironmentVariable("FLINT_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : 200_000;
        var datagrams = new HostileDatagrams((int)PropertyRunner.Seed);
        var buffer = new byte[HostileDatagrams.MaxLength];
        int both = 0;
        int neither = 0;
        for (int i = 0; i < count; i++)
        {
            Span<byte> datagram = buffer.AsSpan(0, datagrams.Next(buffer));
            bool taken = theirs.TryParse(datagram);
            CoapReadStatus status = CoapMessageReader.TryRead(datagram, out CoapMessageReader message);
            if (TheyShouldTake(datagram) is bool expected && expected != taken)
            {
                Assert.Fail($"datagram {i}: ours {status}, libcoap {(taken ? "takes" : "refuses")} {Convert.ToHexString(datagram)}");
            }

            if (status == CoapReadStatus.Ok && taken)
            {
                AssertSame(message, theirs);
                both++;
            }
            else if (status != CoapReadStatus.Ok && !taken)
            {
                neither++;
            }
        }

        Assert.True(both > count / 10, $"{both} taken by both");
        Assert.True(neither > count / 4, $"{neither} refused by both");
    }

    /// <summary>[D5] [D6] Every option number that has a name, with every length up to 1100.</summary>
    [Fact]
    public void OptionLengths_AreBoundedAlike()
    {
        using LibCoapParser theirs = LibCoapParser.Require();
        var buffer = new byte[1200];
        foreach (CoapOptionNumber number in Enum.GetValues<CoapOptionNumber>().Where(number => number != CoapOptionNumber.Reserved))
        {
            for (int length = 0; length <= 1100; length++)
            {
                var writer = new CoapMessageWriter(buffer);
                writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, []);
                writer.WriteOption(number, new byte[length]);
                Assert.True(writer.TryComplete(out int end));

                Assert.True(TheyTakeLength(number, length) == theirs.TryParse(buffer.AsSpan(0, end)), $"{number} of {length} bytes");
            }
        }
    }

    /// <summary>What libcoap's parser says by the rows of docs/interop.md; null where they leave it open.</summary>
    private static bool? TheyShouldTake(ReadOnlySpan<byte> datagram)
    {
        CoapReadStatus status = CoapMessageReader.TryRead(datagram, out CoapMessageReader message);
        bool isSignalling = datagram.Length > 1 && datagram[1] >> 5 == 7;
        if (status is CoapReadStatus.AcknowledgementWithRequest or CoapReadStatus.ReservedCodeClass or CoapReadStatus.ResetNotEmpty)
        {
            // [D2] [D3] [D4] Type and code aside, is it well formed?
            byte[] asRequest = datagram.ToArray();
            asRequest[0] &= 0xcf;
            asRequest[1] = (byte)CoapCode.Get;
            status = CoapMessageReader.TryRead(asRequest, out message);
        }

        return status switch
        {
            CoapReadStatus.NonConfirmableEmpty => true,
            CoapReadStatus.Ok => isSignalling ? null : TheyTakeLengths(message.Options),
            CoapReadStatus.OptionNumberTooLarge when HasWrappingDelta(datagram) => null,
            _ => false,
        };
    }

    private static bool TheyTakeLengths(CoapOptions options)
    {
        foreach (CoapOption option in options)
        {
            if (!TheyTakeLength(option.Number, option.Value.Length))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>[D5] They refuse the message where we leave the option to the layer above; [D6] two lengths they see otherwise, and younger options they do not know.</summary>
    private static bool TheyTakeLength(CoapOptionNumber number, int length) => number switch
    {
        CoapOptionNumber.UriQuery when length == 0 => false,
        CoapOptionNumber.Echo when length == 0 => true,
        _ => !TheyKnow.Contains((ushort)number) || number.AllowsLength(length),
    };

    private static ReadOnlySpan<ushort> TheyKnow => [1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 20, 23, 27, 28, 35, 39, 60, 252, 258, 292];

    /// <summary>[D7] An extended delta of fef3 to feff, which with its 269 does not fit 16 bits.</summary>
    private static bool HasWrappingDelta(ReadOnlySpan<byte> datagram)
    {
        for (int i = 4; i + 2 < datagram.Length; i++)
        {
            if (datagram[i] >> 4 == 14 && datagram[i + 1] == 0xfe && datagram[i + 2] >= 0xf3)
            {
                return true;
            }
        }

        return false;
    }

    private static void AssertSame(CoapMessageReader ours, LibCoapParser theirs)
    {
        Assert.Equal((int)ours.Type, theirs.Type);
        Assert.Equal((int)ours.Code, theirs.Code);
        Assert.Equal(ours.MessageId, theirs.MessageId);
        Assert.Equal(ours.Token, theirs.Token);
        Assert.Equal(Messages.Describe(ours.Options), theirs.DescribeOptions());
        Assert.Equal(ours.Payload, theirs.Payload);
    }
}
