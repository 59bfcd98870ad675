using System.Runtime.InteropServices;

namespace Flint.Coap.Tests.Interop;

/// <summary>libcoap's own parser, in this process: Debian's package libcoap3 has it.</summary>
internal sealed class LibCoapParser : IDisposable
{
    private readonly nint _datagram = Marshal.AllocHGlobal(MaxDatagram);
    private readonly nint _iterator = Marshal.AllocHGlobal(IteratorSize);
    private nint _pdu;

    /// <summary>Skips the test where the library is not installed, unless FLINT_INTEROP=required.</summary>
    public static LibCoapParser Require()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("FLINT_INTEROP") == "required", "libcoap3 is not installed");
            Assert.Fail("FLINT_INTEROP=required, and libcoap3 is not installed");
        }

        coap_set_log_level(0);
        return new LibCoapParser();
    }

    public int Type => coap_pdu_get_type(_pdu);

    public int Code => coap_pdu_get_code(_pdu);

    public int MessageId => coap_pdu_get_mid(_pdu);

    public byte[] Token
    {
        get
        {
            Binary token = coap_pdu_get_token(_pdu);
            return Copy(token.Bytes, token.Length);
        }
    }

    public byte[] Payload => coap_get_data(_pdu, out nint length, out nint data) == 1 ? Copy(data, length) : [];

    /// <summary>Whether it takes the datagram; then the members above and below say what it read.</summary>
    public bool TryParse(ReadOnlySpan<byte> datagram)
    {
        Release();
        Marshal.Copy(datagram.ToArray(), 0, _datagram, datagram.Length);
        _pdu = coap_pdu_init(0, 0, 0, datagram.Length);
        return coap_pdu_parse(ProtocolUdp, _datagram, datagram.Length, _pdu) == 1;
    }

    /// <summary>The options as text, one "number: value" each, as <see cref="Messages.Describe(CoapOptions)"/> has them.</summary>
    public string[] DescribeOptions()
    {
        var described = new List<string>();
        coap_option_iterator_init(_pdu, _iterator, 0);
        for (nint option = coap_option_next(_iterator); option != 0; option = coap_option_next(_iterator))
        {
            byte[] value = Copy(coap_opt_value(option), (nint)coap_opt_length(option));
            described.Add($"{Marshal.ReadInt16(_iterator, NumberOffset) & 0xffff}: {Convert.ToHexString(value)}");
        }

        return [.. described];
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    ~LibCoapParser() => Free();

    private void Free()
    {
        Release();
        Marshal.FreeHGlobal(_datagram);
        Marshal.FreeHGlobal(_iterator);
    }

    private void Release()
    {
        if (_pdu != 0)
        {
            coap_delete_pdu(_pdu);
            _pdu = 0;
        }
    }

    private static byte[] Copy(nint bytes, nint length)
    {
        var copy = new byte[length];
        Marshal.Copy(bytes, copy, 0, copy.Length);
        return copy;
    }

    /// <summary>coap_bin_const_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Binary
    {
        public readonly nint Length;
        public readonly nint Bytes;
    }

#pragma warning disable IDE1006, SYSLIB1054 // The names are the library's; every argument is blittable, so nothing is generated.
    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void coap_set_log_level(int level);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_pdu_init(int type, int code, int messageId, nint size);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void coap_delete_pdu(nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_pdu_parse(int protocol, nint data, nint length, nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_pdu_get_type(nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_pdu_get_code(nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_pdu_get_mid(nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern Binary coap_pdu_get_token(nint pdu);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int coap_get_data(nint pdu, out nint length, out nint data);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_option_iterator_init(nint pdu, nint iterator, nint filter);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_option_next(nint iterator);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint coap_opt_length(nint option);

    [DllImport(Library, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint coap_opt_value(nint option);
#pragma warning restore IDE1006, SYSLIB1054

    private const string Library = "libcoap-3-notls.so.3";
    private const int ProtocolUdp = 1;
    private const int MaxDatagram = 65536;

    // coap_opt_iterator_t: size_t length, then the option's number; all in all less than 64 bytes.
    private const int NumberOffset = 8;
    private const int IteratorSize = 256;
}
