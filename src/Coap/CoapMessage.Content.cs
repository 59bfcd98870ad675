namespace Flint.Coap;

// Options that requests and responses share.
public abstract partial class CoapMessage
{
    /// <summary>Size1, in bytes: in a request how large its body is, in a response to one how large it may be (RFC 7252 section 5.10.9, RFC 7959 section 4).</summary>
    public uint? Size1
    {
        get => GetUInt32(CoapOptionNumber.Size1);
        set => Options.Set(CoapOptionNumber.Size1, value);
    }

    /// <summary>Size2, in bytes: in a response how large its body is; 0 in a request asks for that (RFC 7959 section 4).</summary>
    public uint? Size2
    {
        get => GetUInt32(CoapOptionNumber.Size2);
        set => Options.Set(CoapOptionNumber.Size2, value);
    }

    /// <summary>
    /// Observe (RFC 7641 section 2): in a request 0 registers and 1 deregisters, in a notification a number that tells newer from older, empty and thus 0 on a stream; null where the message has none.
    /// Whoever observes with <see cref="CoapClient.ObserveAsync(string, System.Threading.CancellationToken)"/> or maps an observable resource need not look at it.
    /// </summary>
    public uint? Observe
    {
        get => GetUInt32(CoapOptionNumber.Observe);
        set => Options.Set(CoapOptionNumber.Observe, value);
    }

    /// <summary>The same message with options of its own, which may be changed.</summary>
    internal CoapMessage Copy()
    {
        var copy = (CoapMessage)MemberwiseClone();
        copy.Options = Options.Copy();
        return copy;
    }

    private protected uint? GetUInt32(CoapOptionNumber number) => Options.TryGetUInt32(number, out uint value) ? value : null;
}
