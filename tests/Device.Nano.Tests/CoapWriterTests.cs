namespace Flint.Device.Nano.Tests;

/// <summary>What the writer refuses, what the reader does with its arguments, and what both allocate.</summary>
public sealed class CoapWriterTests
{
    private readonly byte[] _buffer = new byte[256];
    private readonly CoapWriter _writer = new();

    [Fact]
    public void Option_BelowTheOneBefore_IsRefused()
    {
        Begin();
        _writer.WriteOption(CoapOptionNumber.UriQuery, 1u);
        _writer.WriteOption(CoapOptionNumber.UriPath, 1u);

        Assert.Equal(CoapWriteStatus.OptionOutOfOrder, _writer.Complete());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void Option_NumberOutOfRange_IsRefused(int number)
    {
        Begin();
        _writer.WriteOption(number, 1u);

        Assert.Equal(CoapWriteStatus.OptionNumberOutOfRange, _writer.Complete());
    }

    [Fact]
    public void Option_ValueBeyondTheFormat_IsRefused()
    {
        Begin();
        _writer.WriteOption(1, new byte[65805], 0, 65805);

        Assert.Equal(CoapWriteStatus.OptionTooLong, _writer.Complete());
    }

    [Fact]
    public void Option_BehindThePayload_IsRefused()
    {
        Begin();
        _writer.WritePayload([1], 0, 1);
        _writer.WriteOption(1, 1u);

        Assert.Equal(CoapWriteStatus.ContentAfterPayload, _writer.Complete());
    }

    [Fact]
    public void Empty_WithContent_IsRefused()
    {
        CoapDatagram.Begin(_writer, _buffer, 0, 256, CoapType.Confirmable, CoapCode.Empty, 1, [], 0, 0);
        _writer.WritePayload([1], 0, 1);
        Assert.Equal(CoapWriteStatus.EmptyWithContent, _writer.Complete());

        _writer.BeginStream(_buffer, 0, 256, CoapCode.Empty, [1], 0, 1);
        Assert.Equal(CoapWriteStatus.EmptyWithContent, _writer.Complete());
    }

    [Theory]
    [InlineData(CoapType.NonConfirmable, 0x00)]
    [InlineData(CoapType.Acknowledgement, 0x01)]
    [InlineData(CoapType.Reset, 0x45)]
    [InlineData(CoapType.Confirmable, 0x20)]
    [InlineData(CoapType.Confirmable, 0xE1)]
    public void Datagram_TypeAndCodeThatDoNotGoTogether_IsRefused(CoapType type, byte code)
    {
        CoapDatagram.Begin(_writer, _buffer, 0, 256, type, code, 1, [], 0, 0);

        Assert.Equal(CoapWriteStatus.InvalidHeader, _writer.Complete());
    }

    [Fact]
    public void Token_BeyondTheFormat_IsRefused()
    {
        _writer.BeginStream(_buffer, 0, 256, CoapCode.Get, new byte[65805], 0, 65805);

        Assert.Equal(CoapWriteStatus.TokenTooLong, _writer.Complete());
    }

    [Fact]
    public void Failure_FirstReason_StaysUntilTheNextMessage()
    {
        Begin();
        _writer.WriteOption(1, "\ud800");
        _writer.WriteOption(70000, 1u);
        Assert.Equal(CoapWriteStatus.InvalidText, _writer.Complete());
        Assert.Equal(0, _writer.Length);

        Begin();
        Assert.Equal(CoapWriteStatus.Ok, _writer.Complete());
    }

    [Fact]
    public void Stream_EveryRoom_HoldsAMessageOrSaysTooSmall()
    {
        byte[] payload = new byte[300];
        var reader = new CoapReader();
        for (int size = 0; size <= payload.Length; size++)
        {
            int least = 0;
            for (int room = 0; room <= 320; room++)
            {
                byte[] buffer = new byte[room];
                _writer.BeginStream(buffer, 0, room, CoapCode.Content, [7], 0, 1);
                _writer.WritePayload(payload, 0, size);
                bool fits = _writer.Complete() == CoapWriteStatus.Ok;
                least = fits && least == 0 ? room : least;
                Assert.Equal(least != 0, fits);
                if (fits)
                {
                    Assert.Equal(CoapReadStatus.Ok, reader.ReadStream(buffer, _writer.Offset, _writer.Length, 4096));
                    Assert.Equal(size, reader.PayloadLength);
                }
            }

            // A room of exactly the message's length is enough.
            Assert.Equal(_writer.Length, least);
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 257)]
    [InlineData(256, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Arguments_OutsideTheBuffer_AreTheCallersBug(int offset, int count)
    {
        var reader = new CoapReader();

        Assert.Throws<ArgumentOutOfRangeException>(() => new CoapDatagram().Read(reader, _buffer, offset, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadStream(_buffer, offset, count, 1152));
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.BeginStream(_buffer, offset, count, CoapCode.Get, [], 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.BeginStream(_buffer, 0, 256, CoapCode.Get, _buffer, offset, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.WriteOption(1, _buffer, offset, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.WritePayload(_buffer, offset, count));
    }

    [Theory]
    [InlineData("", true, 0u)]
    [InlineData("00", true, 0u)]
    [InlineData("0102", true, 0x102u)]
    [InlineData("ffffffff", true, uint.MaxValue)]
    [InlineData("0000000001", false, 0u)]
    public void OptionUInt_Value_IsReadBigEndian(string hex, bool fits, uint expected)
    {
        byte[] value = Convert.FromHexString(hex);
        Begin();
        _writer.WriteOption(CoapOptionNumber.Observe, value, 0, value.Length);
        _writer.Complete();
        var reader = new CoapReader();
        new CoapDatagram().Read(reader, _buffer, 0, _writer.Length);

        Assert.True(reader.NextOption());
        Assert.Equal(fits, reader.TryGetOptionUInt(out uint number));
        Assert.Equal(expected, number);
    }

    [Fact]
    public void ReaderAndWriter_AMessage_AllocateNothing()
    {
        byte[] token = [1, 2, 3, 4];
        var reader = new CoapReader();
        var datagram = new CoapDatagram();
        int seen = 0;
        RoundTrip(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RoundTrip(1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1010 * 6, seen);

        void RoundTrip(int count)
        {
            for (int i = 0; i < count; i++)
            {
                CoapDatagram.Begin(_writer, _buffer, 0, 256, CoapType.Confirmable, CoapCode.Post, i, token, 0, 4);
                Fill();
                _writer.Complete();
                seen += datagram.Read(reader, _buffer, _writer.Offset, _writer.Length) == CoapReadStatus.Ok ? Options() : 0;
                _writer.BeginStream(_buffer, 0, 256, CoapCode.Post, token, 0, 4);
                Fill();
                _writer.Complete();
                seen += reader.ReadStream(_buffer, _writer.Offset, _writer.Length, 1152) == CoapReadStatus.Ok ? Options() : 0;
            }
        }

        void Fill()
        {
            _writer.WriteOption(CoapOptionNumber.UriPath, "e");
            _writer.WriteOption(CoapOptionNumber.UriPath, "temperature");
            _writer.WriteOption(CoapOptionNumber.ContentFormat, 60u);
            _writer.WritePayload(token, 0, 4);
        }

        int Options()
        {
            int count = 0;
            while (reader.NextOption())
            {
                count++;
            }

            return count;
        }
    }

    private void Begin() => CoapDatagram.Begin(_writer, _buffer, 0, 256, CoapType.Confirmable, CoapCode.Get, 1, [], 0, 0);
}
