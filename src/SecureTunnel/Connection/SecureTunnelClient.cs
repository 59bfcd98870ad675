using System;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The device's side: turns a connected transport into an authenticated tunnel.</summary>
public static class SecureTunnelClient
{
    /// <summary>
    /// Makes the device's handshake over <paramref name="transport"/>. On success the tunnel owns the transport; on failure the transport is
    /// completed, after an alert where the peer can still take one.
    /// </summary>
    /// <param name="transport">A reliable, ordered stream in both directions.</param>
    /// <param name="options">How; validated here.</param>
    /// <param name="cancellationToken">Abandons the handshake.</param>
    /// <returns>The tunnel; the server has proven to hold the pinned key and has accepted the device.</returns>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    /// <exception cref="SecureTunnelHandshakeException">
    /// The handshake failed. <see cref="SecureTunnelReason.ServerNotAuthenticated"/>: the server does not hold the pinned key.
    /// <see cref="SecureTunnelReason.AlertFromPeer"/> with <see cref="SecureTunnelAlert.UnknownKey"/>: it does not know the pin, and the next
    /// connection tries the next pin; with <see cref="SecureTunnelAlert.AccessDenied"/>: it does not accept the device's identity or proof.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was signalled.</exception>
    public static ValueTask<SecureTunnelConnection> ConnectAsync(
        IDuplexPipe transport, SecureTunnelClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return ConnectAsync(transport, options, SystemCrypto.Instance, SystemEntropy.Instance, cancellationToken);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns the session.")]
    internal static async ValueTask<SecureTunnelConnection> ConnectAsync(
        IDuplexPipe transport, SecureTunnelClientOptions options, CryptoProvider crypto, Entropy entropy, CancellationToken cancellationToken)
    {
        using var pipe = new HandshakePipe(transport, options.TimeProvider, cancellationToken);
        using var handshake = new ClientHandshake(options, crypto, entropy, pipe.Now);
        try
        {
            pipe.SetDeadline(handshake.NextDeadline);
            HandshakeStep step = handshake.Begin(pipe.Output);
            while (step is not (HandshakeStep.Connected or HandshakeStep.Failed))
            {
                FrameStatus status = await pipe.ReadFrameAsync(handshake.MaxBody).ConfigureAwait(false);
                step = status switch
                {
                    FrameStatus.Ok => handshake.OnFrame(pipe.Frame, pipe.Output),
                    FrameStatus.Truncated => handshake.OnEndOfStream(pipe.Output),
                    _ => handshake.OnBadFrame(status, pipe.Output),
                };
            }

            if (step == HandshakeStep.Connected)
            {
                var peer = new SecureTunnelPeer(deviceId: default, handshake.ServerKeyHash);
                return pipe.Connect(handshake.TakeSession(), peer, options.Suite, handshake.Resumed, options.PaddingBlock, options.SendBuffer);
            }
        }
        catch (OperationCanceledException) when (pipe.IsLate)
        {
            handshake.OnDeadline(pipe.Output);
        }
        catch
        {
            await pipe.AbandonAsync().ConfigureAwait(false);
            throw;
        }

        await pipe.AbandonAsync().ConfigureAwait(false);
        HandshakeFailure failure = handshake.Failure;
        if (failure is { FromPeer: true, Alert: SecureTunnelAlert.UnknownKey })
        {
            options.Pins!.OnUnknownKey(handshake.Pin);
        }

        throw new SecureTunnelHandshakeException(failure.Reason, failure.Alert, failure.FromPeer);
    }
}
