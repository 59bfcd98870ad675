using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Flint.Coap.Tests.Figures;

/// <summary>
/// A line of a figure (docs/spec/coap-profile.md section 5), such as "&lt; ACK 2.04 M=04d4 1:2/0/128 2:0/1/128 +128": who sends, whether it is lost, the message. What a line does not name is not compared.
/// </summary>
internal sealed class FigureMessage
{
    private static readonly Dictionary<string, CoapOptionNumber> Blocks = new()
    {
        ["1"] = CoapOptionNumber.Block1, ["2"] = CoapOptionNumber.Block2, ["QB1"] = CoapOptionNumber.QBlock1, ["QB2"] = CoapOptionNumber.QBlock2,
    };

    private readonly List<(CoapOptionNumber Number, byte[] Value)> _options = [];

    /// <param name="line">The line.</param>
    /// <param name="size1">The length of a request's body in bursts, which the figures of RFC 9177 leave out though its section 4.3 asks for it.</param>
    /// <param name="size2">The same of a response's (section 4.4).</param>
    public FigureMessage(string line, uint size1, uint size2)
    {
        Line = line;
        FromClient = line[0] == '>';
        IsLost = line[1] == 'x';
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string word in words[1..])
        {
            Take(word);
        }

        if (_options.Exists(option => option.Number == CoapOptionNumber.QBlock1) && FromClient)
        {
            Add(CoapOptionNumber.Size1, size1);
        }

        if (_options.Exists(option => option.Number == CoapOptionNumber.QBlock2) && !FromClient)
        {
            Add(CoapOptionNumber.Size2, size2);
        }
    }

    public string Line { get; }

    public bool FromClient { get; }

    public bool IsLost { get; }

    public CoapType? Type { get; private set; }

    public CoapCode Code { get; private set; }

    public ushort? MessageId { get; private set; }

    public string? Token { get; private set; }

    public byte[]? Payload { get; private set; }

    public IEnumerable<CoapBlock> BlocksOf(CoapOptionNumber number) => _options.Where(option => option.Number == number).Select(option => ToBlock(option.Value));

    public byte[]? Option(CoapOptionNumber number) => _options.Where(option => option.Number == number).Select(option => option.Value).FirstOrDefault();

    /// <summary>The message, with the message id, the token and the entity-tag that stand for those of the figure.</summary>
    public byte[] ToDatagram(ushort messageId, byte[] token, FigureNames names)
    {
        var buffer = new byte[1400];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(Type!.Value, Code, messageId, token);
        WriteBody(ref writer, names);
        Assert.True(writer.TryComplete(out int length));
        return buffer[..length];
    }

    public byte[] ToStream(byte[] token, FigureNames names)
    {
        var buffer = new byte[(Payload?.Length ?? 0) + 64];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteTcpHeader(Code, token);
        WriteBody(ref writer, names);
        Assert.True(writer.TryComplete(out int length));
        return buffer[..length];
    }

    /// <summary>What this line says of a message that has come, in the words of the line.</summary>
    public string Describe(CoapCode code, CoapOptions options, ReadOnlySpan<byte> payload, FigureNames names)
    {
        var text = new StringBuilder(code.IsRequest() ? code.ToString().ToUpperInvariant() : code.ToDotted());
        foreach ((string name, CoapOptionNumber number) in Blocks)
        {
            foreach (CoapOption option in options)
            {
                if (option.Number == number)
                {
                    text.Append(' ').Append(Describe(name, ToBlock(option.Value.ToArray())));
                }
            }
        }

        text.Append(options.TryFind(CoapOptionNumber.Observe, out _) ? " Observe" : "");
        if (Option(CoapOptionNumber.ETag) is byte[] tag)
        {
            text.Append(options.TryFind(CoapOptionNumber.ETag, out CoapOption actual) && names.AreTheSame(tag, actual.Value.ToArray()) ? " ETag" : " another ETag");
        }

        if (Payload is not null)
        {
            text.Append(payload.SequenceEqual(Payload) ? $" {Payload.Length} bytes" : $" other {payload.Length} bytes");
        }

        return text.ToString();
    }

    /// <summary>The same of the line itself.</summary>
    public string Expected(FigureNames names)
    {
        var list = new CoapOptionList();
        foreach ((CoapOptionNumber number, byte[] value) in _options)
        {
            list.Add(number, number == CoapOptionNumber.ETag ? names.Of(value) : value);
        }

        return Describe(Code, list.View, Payload, names);
    }

    /// <summary>The bytes that all bodies of the figures consist of.</summary>
    public static byte[] Pattern(long offset, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((offset + i) % 251))];

    private void Take(string word)
    {
        string[] pair = word.Split('=', 2);
        switch (pair[0])
        {
            case "CON" or "NON" or "ACK" or "RST":
                Type = pair[0] switch { "CON" => CoapType.Confirmable, "NON" => CoapType.NonConfirmable, "ACK" => CoapType.Acknowledgement, _ => CoapType.Reset };
                break;
            case "GET" or "POST" or "PUT":
                Code = Enum.Parse<CoapCode>(pair[0], ignoreCase: true);
                break;
            case "M":
                MessageId = ushort.Parse(pair[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                break;
            case "T":
                Token = pair[1];
                break;
            case "RT":
                _options.Add((CoapOptionNumber.RequestTag, Convert.FromHexString(pair[1])));
                break;
            case "ETag":
                _options.Add((CoapOptionNumber.ETag, Convert.FromHexString(pair[1])));
                break;
            case "Observe":
                Add(CoapOptionNumber.Observe, uint.Parse(pair[1], CultureInfo.InvariantCulture));
                break;
            case "Max-Age":
                Add(CoapOptionNumber.MaxAge, uint.Parse(pair[1], CultureInfo.InvariantCulture));
                break;
            case "Missing":
                int[] numbers = [.. pair[1].Split(',').Select(int.Parse)];
                var buffer = new byte[64];
                Payload = buffer[..MissingBlocks.Write(numbers, buffer)];
                Add(CoapOptionNumber.ContentFormat, (uint)CoapContentFormat.MissingBlocks);
                break;
            case "Text":
                Payload = Encoding.UTF8.GetBytes(pair[1].Replace('_', ' '));
                break;
            default:
                TakeOther(word);
                break;
        }
    }

    private void TakeOther(string word)
    {
        string[] block = word.Split(':');
        if (word[0] == '/')
        {
            foreach (string segment in word[1..].Split('/'))
            {
                _options.Add((CoapOptionNumber.UriPath, Encoding.UTF8.GetBytes(segment)));
            }
        }
        else if (word[0] == '+')
        {
            long offset = BlocksOf(CoapOptionNumber.Block1).Concat(BlocksOf(CoapOptionNumber.QBlock1)).Select(one => (long?)one.Offset).FirstOrDefault() is long sent && FromClient
                ? sent
                : BlocksOf(CoapOptionNumber.Block2).Concat(BlocksOf(CoapOptionNumber.QBlock2)).Select(one => one.Offset).FirstOrDefault();
            Payload = Pattern(offset, int.Parse(word[1..], CultureInfo.InvariantCulture));
        }
        else if (block.Length == 2)
        {
            string[] parts = block[1].Split('/');
            int exponent = parts[2] == "BERT" ? CoapBlock.BertExponent : int.Log2(int.Parse(parts[2], CultureInfo.InvariantCulture)) - 4;
            Add(Blocks[block[0]], new CoapBlock(int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1] == "1", exponent).Value);
        }
        else
        {
            string[] dotted = word.Split('.');
            Code = (CoapCode)((int.Parse(dotted[0], CultureInfo.InvariantCulture) << 5) | int.Parse(dotted[1], CultureInfo.InvariantCulture));
        }
    }

    private void Add(CoapOptionNumber number, uint value)
    {
        var list = new CoapOptionList();
        list.Add(number, value);
        Assert.True(list.TryFind(number, out CoapOption option));
        _options.Add((number, option.Value.ToArray()));
    }

    private void WriteBody(ref CoapMessageWriter writer, FigureNames names)
    {
        foreach ((CoapOptionNumber number, byte[] value) in _options.OrderBy(option => option.Number))
        {
            writer.WriteOption(number, number == CoapOptionNumber.ETag ? names.Of(value) : value);
        }

        writer.WritePayload(Payload);
    }

    private static CoapBlock ToBlock(byte[] value)
    {
        Span<byte> four = stackalloc byte[4];
        four.Clear();
        value.CopyTo(four[(4 - value.Length)..]);
        uint number = BinaryPrimitives.ReadUInt32BigEndian(four);
        return new CoapBlock((int)(number >> 4), (number & 8) != 0, (int)(number & 7));
    }

    private static string Describe(string name, CoapBlock block) => $"{name}:{block.Number}/{(block.More ? 1 : 0)}/{(block.IsBert ? "BERT" : block.Size)}";
}
