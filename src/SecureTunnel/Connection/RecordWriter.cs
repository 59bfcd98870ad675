using System;

namespace Flint.SecureTunnel;

/// <summary>Seals into the transport's buffer, for whoever has the turn to send.</summary>
internal sealed class RecordWriter(TransportWriter transport, TunnelSession session, int paddingBlock, TimeProvider time)
{
    /// <summary>The most bytes to seal before they are sent: whole records, some 32 KiB of them.</summary>
    public int MaxSlice { get; } = Math.Max(1, SliceSize / MostOf(session, paddingBlock)) * MostOf(session, paddingBlock);

    /// <summary>
    /// Seals bytes into as few records as the peer's max_record allows [ST-510], behind a KeyUpdate where one is due. The room for all of it is taken before the first record is sealed: a transport
    /// that has none has spent no sequence number, and what is sealed is sent whatever becomes of the rest.
    /// </summary>
    /// <exception cref="SecureTunnelException">The tunnel is dead.</exception>
    public void WriteData(ReadOnlySpan<byte> content)
    {
        int most = MostOf(session, paddingBlock);
        int records = ((content.Length - 1) / most) + 1;
        int padding = paddingBlock == 0 ? 0 : PaddingHeader + Math.Min(paddingBlock, most);
        Span<byte> room = transport.GetSpan(ControlFrame + content.Length + (records * (RecordSealer.Overhead + padding)));
        int used = 0;
        try
        {
            while (!content.IsEmpty)
            {
                if (session.NeedsKeyUpdate(time.Milliseconds()))
                {
                    used += SealKeyUpdate(request: false, room[used..]);
                }

                ReadOnlySpan<byte> one = content[..Math.Min(content.Length, most)];
                used += Sealed(paddingBlock == 0 ? session.SealData(one, room[used..]) : session.SealPaddedData(one, PaddingFor(one.Length, most), room[used..]));
                content = content[one.Length..];
            }
        }
        finally
        {
            transport.Advance(used); // where the tunnel dies meanwhile, its alert follows: without these records the peer could not open it
        }
    }

    /// <summary>Moves to the next key.</summary>
    /// <exception cref="SecureTunnelException">The tunnel is dead.</exception>
    public void WriteKeyUpdate(bool request) => transport.Advance(SealKeyUpdate(request, transport.GetSpan(ControlFrame)));

    /// <summary>Seals Close; nothing where the tunnel is dead.</summary>
    public void WriteClose() => transport.Advance(session.SealClose(transport.GetSpan(ControlFrame)));

    /// <summary>Seals the alert of a tunnel that this side failed; nothing where none is due.</summary>
    public void WriteAlert() => transport.Advance(session.SealAlert(transport.GetSpan(ControlFrame)));

    private int SealKeyUpdate(bool request, Span<byte> frame) => Sealed(session.SealKeyUpdate(request, time.Milliseconds(), frame));

    /// <summary>Fills the inner plaintext up to a multiple of the block, or up to the peer's max_record [ST-318].</summary>
    private int PaddingFor(int contentLength, int most)
    {
        int over = (1 + PaddingHeader + contentLength) % paddingBlock;
        return over == 0 ? 0 : Math.Min(paddingBlock - over, most - contentLength);
    }

    private int Sealed(int length) => length > 0
        ? length
        : throw (session.State == SessionState.Dead ? SessionErrors.From(session.Failure) : SessionErrors.Closed());

    /// <summary>The most content of one record.</summary>
    private static int MostOf(TunnelSession session, int paddingBlock) => session.MaxContent - (paddingBlock == 0 ? 0 : PaddingHeader);

    private const int SliceSize = 32 * 1024;
    private const int PaddingHeader = 2;
    private const int ControlFrame = RecordSealer.Overhead + 1;
}
