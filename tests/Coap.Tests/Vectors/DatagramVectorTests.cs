namespace Flint.Coap.Tests.Vectors;

public sealed class DatagramVectorTests
{
    private static readonly IReadOnlyDictionary<string, CoapVector> All = CoapVector.Load("datagram.json");

    public static TheoryData<string> Ids() => [.. All.Keys];

    public static TheoryData<string> ValidIds() => [.. All.Values.Where(v => v.Result == CoapReadStatus.Ok).Select(v => v.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_Read_GivesItsResult(string id)
    {
        CoapVector vector = All[id];

        CoapReadStatus status = CoapMessageReader.TryRead(vector.Input, vector.MaxTokenLength, out CoapMessageReader message);

        Assert.Equal(vector.Result, status);
        if (status != CoapReadStatus.Ok)
        {
            Assert.Equal(CoapCode.Empty, message.Code);
            Assert.True(message.Token.IsEmpty && message.Options.IsEmpty && message.Payload.IsEmpty);
        }
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_Valid_HasItsFields(string id)
    {
        CoapVector vector = All[id];
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(vector.Input, vector.MaxTokenLength, out CoapMessageReader message));

        Assert.Equal(vector.Fields.GetProperty("type").GetInt32(), (int)message.Type);
        Assert.Equal(vector.Code, message.Code);
        Assert.Equal(vector.Fields.GetProperty("messageId").GetInt32(), message.MessageId);
        Assert.Equal(vector.Token, message.Token);
        Assert.Equal(Messages.Describe(vector.Options), Messages.Describe(message.Options));
        Assert.Equal(vector.Payload, message.Payload);
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_FieldsWritten_GiveItsBytes(string id)
    {
        CoapVector vector = All[id];
        var buffer = new byte[vector.Input.Length];
        var writer = new CoapMessageWriter(buffer);

        writer.WriteHeader(
            (CoapType)vector.Fields.GetProperty("type").GetByte(), vector.Code, vector.Fields.GetProperty("messageId").GetUInt16(), vector.Token);
        Messages.WriteBody(ref writer, vector.Options, vector.Payload);

        Assert.True(writer.TryComplete(out int length));
        Assert.Equal(vector.Input, buffer[..length]);
    }

    [Fact]
    public void Vectors_EveryStatusOfADatagram_HasOne()
    {
        CoapReadStatus[] streamsOnly = [CoapReadStatus.NeedMoreData, CoapReadStatus.MessageTooLarge];

        Assert.Empty(Enum.GetValues<CoapReadStatus>().Except(streamsOnly).Except(All.Values.Select(v => v.Result)));
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_CutAnywhere_IsShorterOrTruncated(string id)
    {
        CoapVector vector = All[id];
        for (int length = 0; length < vector.Input.Length; length++)
        {
            CoapReadStatus status = CoapMessageReader.TryRead(vector.Input.AsSpan(0, length), vector.MaxTokenLength, out _);

            Assert.Contains(status, Messages.CutStatuses);
        }
    }
}
