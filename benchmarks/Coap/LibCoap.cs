using System.Runtime.InteropServices;

namespace Flint.Benchmarks.Coap;

/// <summary>The peer: libcoap parses a datagram into a reused pdu and goes through its options. Debian's package libcoap3 has it.</summary>
internal sealed class LibCoap
{
    private readonly nint _data;
    private readonly int _length;
    private readonly nint _pdu;
    private readonly nint _iterator;

    private LibCoap(AlignedBuffer datagram)
    {
        _data = datagram.Address;
        _length = datagram.Length;
        _pdu = coap_pdu_init(0, 0, 0, 2048);
        _iterator = Marshal.AllocHGlobal(IteratorSize);
    }

    /// <returns>Null where the library is not installed.</returns>
    public static LibCoap? TryLoad(AlignedBuffer datagram)
    {
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            return null;
        }

        var peer = new LibCoap(datagram);
        return coap_pdu_parse(ProtocolUdp, peer._data, peer._length, peer._pdu) == 1
            ? peer
            : throw new InvalidOperationException("libcoap does not take the message.");
    }

    public void ParseOften(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = coap_pdu_parse(ProtocolUdp, _data, _length, _pdu);
            coap_option_iterator_init(_pdu, _iterator, 0);
            while (coap_option_next(_iterator) != 0)
            {
            }
        }
    }

#pragma warning disable IDE1006, SYSLIB1054 // The names are the library's; every argument is blittable, so nothing is generated.
    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_pdu_init(int type, int code, int messageId, nint size);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_pdu_parse(int protocol, nint data, nint length, nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_option_iterator_init(nint pdu, nint iterator, nint filter);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_option_next(nint iterator);
#pragma warning restore IDE1006, SYSLIB1054

    private const string Library = "libcoap-3-notls.so.3";
    private const int ProtocolUdp = 1;
    private const int IteratorSize = 256;
}
