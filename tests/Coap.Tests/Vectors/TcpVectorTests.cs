using System.Buffers;

namespace Flint.Coap.Tests.Vectors;

public sealed class TcpVectorTests
{
    private static readonly IReadOnlyDictionary<string, CoapVector> All = CoapVector.Load("tcp.json");

    public static TheoryData<string> Ids() => [.. All.Keys];

    public static TheoryData<string> ValidIds() => [.. All.Values.Where(v => v.Result == CoapReadStatus.Ok).Select(v => v.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_Read_GivesItsResult(string id)
    {
        CoapVector vector = All[id];

        CoapReadStatus status = CoapTcpMessageReader.TryRead(vector.Input, Limits(vector), out _, out int consumed);

        Assert.Equal(vector.Result, status);
        Assert.Equal(status == CoapReadStatus.Ok ? vector.Fields.GetProperty("consumed").GetInt32() : 0, consumed);
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_Valid_HasItsFields(string id)
    {
        CoapVector vector = All[id];
        Assert.Equal(CoapReadStatus.Ok, CoapTcpMessageReader.TryRead(vector.Input, Limits(vector), out CoapTcpMessageReader message, out _));

        Assert.Equal(vector.Code, message.Code);
        Assert.Equal(vector.Token, message.Token);
        Assert.Equal(Messages.Describe(vector.Options), Messages.Describe(message.Options));
        Assert.Equal(vector.Payload, message.Payload);
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_FieldsWritten_GiveItsBytes(string id)
    {
        CoapVector vector = All[id];
        var buffer = new byte[vector.Input.Length + 2];
        var writer = new CoapMessageWriter(buffer);

        writer.WriteTcpHeader(vector.Code, vector.Token);
        Messages.WriteBody(ref writer, vector.Options, vector.Payload);

        Assert.True(writer.TryComplete(out int length));
        Assert.Equal(vector.Input[..vector.Fields.GetProperty("consumed").GetInt32()], buffer[..length]);
    }

    [Fact]
    public void Vectors_EveryStatusOfAStream_HasOne()
    {
        CoapReadStatus[] datagramsOnly =
        [
            CoapReadStatus.TruncatedHeader, CoapReadStatus.UnknownVersion, CoapReadStatus.TruncatedToken,
            CoapReadStatus.NonConfirmableEmpty, CoapReadStatus.AcknowledgementWithRequest, CoapReadStatus.ResetNotEmpty,
        ];

        Assert.Empty(Enum.GetValues<CoapReadStatus>().Except(datagramsOnly).Except(All.Values.Select(v => v.Result)));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_InPiecesOfAnySize_GivesItsResult(string id)
    {
        CoapVector vector = All[id];
        var scratch = new byte[vector.MaxMessageSize];
        for (int size = 1; size <= Math.Max(1, vector.Input.Length); size++)
        {
            ReadOnlySequence<byte> stream = Messages.Pieces(vector.Input, size);

            CoapReadStatus status = CoapTcpMessageReader.TryRead(stream, Limits(vector), scratch, out CoapTcpMessageReader message, out _);

            Assert.Equal(vector.Result, status);
            if (status == CoapReadStatus.Ok)
            {
                Assert.Equal(vector.Token, message.Token);
                Assert.Equal(Messages.Describe(vector.Options), Messages.Describe(message.Options));
                Assert.Equal(vector.Payload, message.Payload);
            }
        }
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Vector_CutAnywhere_NeedsMoreData(string id)
    {
        CoapVector vector = All[id];
        for (int length = 0; length < vector.Fields.GetProperty("consumed").GetInt32(); length++)
        {
            Assert.Equal(CoapReadStatus.NeedMoreData, CoapTcpMessageReader.TryRead(vector.Input.AsSpan(0, length), Limits(vector), out _, out _));
        }
    }

    private static CoapTcpLimits Limits(CoapVector vector) => new(vector.MaxMessageSize, vector.MaxTokenLength);
}
