using System.Text;

namespace Flint.Device.Nano.Tests.Board;

/// <summary>The device's decoder against .NET's strict one, exhaustively where that is possible.</summary>
public sealed class Utf8TextTests
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    [Fact]
    public void Read_EveryCodePoint_IsTheOneThatWasWritten()
    {
        for (int point = 0; point <= 0x10FFFF; point++)
        {
            if (point is >= 0xD800 and <= 0xDFFF)
            {
                continue;
            }

            string text = char.ConvertFromUtf32(point);
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            if (Utf8Text.Read(bytes, 0, bytes.Length) != text)
            {
                Assert.Fail($"U+{point:X4}");
            }
        }
    }

    [Fact]
    public void Read_ArbitraryBytes_IsWhatTheStrictDecoderSays()
    {
        var random = new Random(11);
        byte[] leads = [0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF, 0x9F, 0xA0, 0x8F, 0x90];
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 7)];
            for (int at = 0; at < bytes.Length; at++)
            {
                bytes[at] = random.Next(4) == 0 ? (byte)random.Next(256) : leads[random.Next(leads.Length)];
            }

            if (Utf8Text.Read(bytes, 0, bytes.Length) != Decode(bytes))
            {
                Assert.Fail(Convert.ToHexString(bytes));
            }
        }
    }

    [Fact]
    public void Read_OfARange_StaysWithinIt()
    {
        byte[] bytes = [0xC3, 0x41, 0xC3, 0xA9, 0xA9];

        Assert.Equal("Aé", Utf8Text.Read(bytes, 1, 3));
        Assert.Equal("", Utf8Text.Read(bytes, 1, 0));
        Assert.Null(Utf8Text.Read(bytes, 1, 2));
    }

    private static string? Decode(byte[] bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
