using Flint.Testing;

namespace Flint.Coap.Tests.Properties;

public sealed class DatagramProperties
{
    [Fact]
    public void WrittenMessage_Read_IsTheSame() => PropertyRunner.Check(MessageGenerator.Any(), RoundTrips);

    [Fact]
    public void WrittenMessage_WithExtendedToken_IsTheSame() => PropertyRunner.Check(MessageGenerator.Any(1024), RoundTrips);

    [Fact]
    public void AnyBytes_Read_GiveAStatusAndReencodeToThemselves() =>
        PropertyRunner.Check(MessageGenerator.NearlyMessages(message => message.WriteDatagram()), ReadsOrRefuses, 20000);

    [Fact]
    public void WrittenMessage_CutAnywhere_IsTruncatedInsideAField() =>
        PropertyRunner.Check(MessageGenerator.Any(), CutsAreTold, 200);

    private static void RoundTrips(PlainMessage plain)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(plain.WriteDatagram(), 65804, out CoapMessageReader message));
        Assert.Equal(plain.Type, message.Type);
        Assert.Equal(plain.Code, message.Code);
        Assert.Equal(plain.MessageId, message.MessageId);
        Assert.Equal(plain.Token, message.Token);
        Assert.Equal(Messages.Describe(plain.Options), Messages.Describe(message.Options));
        Assert.Equal(plain.Payload, message.Payload);
    }

    private static void ReadsOrRefuses(byte[] bytes)
    {
        CoapReadStatus status = CoapMessageReader.TryRead(bytes, out CoapMessageReader message);

        Assert.True(Enum.IsDefined(status));
        Assert.NotEqual(CoapReadStatus.NeedMoreData, status);
        if (status == CoapReadStatus.Ok)
        {
            var copy = new byte[bytes.Length];
            var writer = new CoapMessageWriter(copy);
            writer.WriteHeader(message.Type, message.Code, message.MessageId, message.Token);
            foreach (CoapOption option in message.Options)
            {
                writer.WriteOption(option.Number, option.Value);
            }

            writer.WritePayload(message.Payload);
            Assert.True(writer.TryComplete(out int length));
            Assert.Equal(bytes, copy[..length]);
        }
    }

    private static void CutsAreTold(PlainMessage plain)
    {
        byte[] whole = plain.WriteDatagram();
        HashSet<int> ends = FieldEnds(plain);
        for (int length = 0; length < whole.Length; length++)
        {
            CoapReadStatus status = CoapMessageReader.TryRead(whole.AsSpan(0, length), out _);

            Assert.Equal(ends.Contains(length), status == CoapReadStatus.Ok);
            Assert.Contains(status, Messages.CutStatuses);
        }
    }

    /// <summary>The lengths at which a cut leaves a shorter message that is well formed.</summary>
    private static HashSet<int> FieldEnds(PlainMessage plain)
    {
        int end = 4 + plain.Token.Length;
        var ends = new HashSet<int> { end };
        int previous = 0;
        foreach ((CoapOptionNumber number, byte[] value) in plain.Options)
        {
            end += 1 + Extension((int)number - previous) + Extension(value.Length) + value.Length;
            ends.Add(end);
            previous = (int)number;
        }

        for (int i = 1; i <= plain.Payload.Length; i++)
        {
            ends.Add(end + 1 + i);
        }

        return ends;
    }

    private static int Extension(int value) => value < 13 ? 0 : value < 269 ? 1 : 2;
}
