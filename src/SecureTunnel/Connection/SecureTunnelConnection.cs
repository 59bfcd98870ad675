using System;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// An established tunnel: the application's bytes in both directions, and who is at the other end. One reader and one writer may work at
/// the same time. In place of one writer several tasks may call <see cref="PipeWriter.WriteAsync"/> of <see cref="Output"/>, which sends a message whole; then nobody asks for memory there: whose bytes those are, nobody could tell.
/// <see cref="Output"/> seals what is pending at each flush, in as few records as the peer's max_record allows; completing it sends an authenticated Close and leaves <see cref="Input"/> open. <see cref="Input"/> ends where the peer closed, and throws
/// <see cref="SecureTunnelTruncatedException"/> where the stream just stopped.
/// </summary>
public sealed class SecureTunnelConnection : IDuplexPipe, IAsyncDisposable
{
    private readonly IDuplexPipe _transport;
    private readonly TunnelSession _session;
    private readonly SecureTunnelStatistics _handshake;
    private readonly TransportWriter _transportOutput;
    private readonly TunnelReader _input;
    private readonly TunnelSender _sender;
    private readonly TunnelWriter _output;
    private readonly TimeProvider _time;
    private int _disposed;

    internal SecureTunnelConnection(
        IDuplexPipe transport, TransportWriter transportOutput, TunnelSession session, SecureTunnelPeer peer,
        SecureTunnelSuite suite, bool resumed, SecureTunnelStatistics handshake, int paddingBlock, int sendBuffer, TimeProvider time)
    {
        _transport = transport;
        _transportOutput = transportOutput;
        _session = session;
        _handshake = handshake;
        _time = time;
        _sender = new TunnelSender(transport, new RecordWriter(transportOutput, session, paddingBlock, time), session, sendBuffer, time);
        _output = new TunnelWriter(_sender);
        _input = new TunnelReader(transport.Input, session, _sender, _output, time);
        Peer = peer;
        Suite = suite;
        Resumed = resumed;
    }

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <summary>
    /// What the application sends. A flush that finds the transport free, and is not one of a stream of them, is with the transport when it ends; otherwise it ends when no more than the send buffer waits for the
    /// transport, and what waits leaves by itself, together. A token ends that wait and nothing else: no record is left half sent. A message that <see cref="PipeWriter.WriteAsync"/> was cancelled for leaves whole, where it is
    /// longer than the send buffer, or not at all. What is flushed is taken at once: a writer that goes on behind waits that it has cancelled is held back by nothing, and what it writes waits in memory. A transport that fails is reported by the next flush, by completing, and by a read that would wait.
    /// </summary>
    public PipeWriter Output => _output;

    /// <summary>The other end, as the handshake has proven it.</summary>
    public SecureTunnelPeer Peer { get; }

    /// <summary>The suite in use.</summary>
    public SecureTunnelSuite Suite { get; }

    /// <summary>True where the session came from a ticket and not from a private-key operation.</summary>
    public bool Resumed { get; }

    /// <summary>What the tunnel has cost so far.</summary>
    public SecureTunnelStatistics Statistics => _handshake with
    {
        BytesReceived = _handshake.HandshakeBytesReceived + _input.BytesReceived,
        BytesSent = _transportOutput.Count,
        RecordsReceived = _session.RecordsOpened,
        RecordsSent = _session.RecordsSealed,
    };

    /// <summary>
    /// Derives key material that both ends and nobody else can derive, bound to this handshake (section 8.2).
    /// </summary>
    /// <param name="label">What it is for: 1 to 64 ASCII bytes.</param>
    /// <param name="context">Any bytes that both ends know.</param>
    /// <param name="destination">What to fill: at most 8160 bytes.</param>
    /// <exception cref="ArgumentException">The label or the destination is outside its range.</exception>
    /// <exception cref="ObjectDisposedException">The tunnel is disposed or has failed, and its keys are erased.</exception>
    public void ExportKeyingMaterial(ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (label.Length is < 1 or > Hkdf.MaxLabel) // [ST-406]
        {
            throw new ArgumentException("A label has 1 to 64 bytes.", nameof(label));
        }

        if (destination.Length > MaxExport)
        {
            throw new ArgumentException("At most 8160 bytes can be exported at once.", nameof(destination));
        }

        _session.Export(label, context, destination);
    }

    /// <summary>Moves the sending direction to a fresh key now, and asks the peer to do the same where <paramref name="requestPeer"/>.</summary>
    /// <exception cref="SecureTunnelException">The tunnel has failed.</exception>
    public ValueTask UpdateKeyAsync(bool requestPeer = false, CancellationToken cancellationToken = default) =>
        _sender.UpdateKeyAsync(requestPeer, cancellationToken);

    /// <summary>
    /// Sends Close if that has not happened, gives the peer five seconds to take it, erases every key and ends the transport. A read or a write that is under way ends, with an <see cref="ObjectDisposedException"/> where
    /// the tunnel was still good. What the transport throws at its end comes through, with everything else done. It waits for a read that is taking bytes: code that the transport runs
    /// inside of that read may await it, and must not block on it.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Exception? unsent = await TryCloseAsync().ConfigureAwait(false);
        _sender.Abandon();
        Exception? held = await _sender.LeaveTransportAsync(flush: unsent is null).ConfigureAwait(false);
        await _input.StopAsync().ConfigureAwait(false);
        _session.Dispose(); // before the transport ends: whatever it throws, and if it never does, no key is left
        await HandshakePipe.EndAsync(_transport, unsent ?? held).ConfigureAwait(false);
    }

    /// <summary>A transport or tunnel that has failed already changes nothing.</summary>
    /// <returns>Why the transport has not taken everything; null where it has.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a transport throws, writers were told; the rest of the end is due all the same.")]
    private async ValueTask<Exception?> TryCloseAsync()
    {
        using var patience = new CancellationTokenSource(ClosePatience, _time);
        try
        {
            await _output.CloseAsync(patience.Token).ConfigureAwait(false);
            return null;
        }
        catch (SecureTunnelException)
        {
            return null; // the tunnel has failed, not the transport
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private const int MaxExport = 255 * ProtocolLimits.HashSize;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
}
