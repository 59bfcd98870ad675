using System;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The server's side: turns an accepted transport into an authenticated tunnel.</summary>
public static class SecureTunnelServer
{
    /// <summary>
    /// Makes the server's handshake over <paramref name="transport"/>. On success the tunnel owns the transport; on failure the transport is
    /// completed, after an alert where the peer can still take one.
    /// </summary>
    /// <param name="transport">A reliable, ordered stream in both directions.</param>
    /// <param name="options">How; validated here.</param>
    /// <param name="cancellationToken">Abandons the handshake.</param>
    /// <returns>The tunnel; <see cref="SecureTunnelConnection.Peer"/> is the device, proven.</returns>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    /// <exception cref="SecureTunnelHandshakeException">The handshake failed; <see cref="SecureTunnelException.Reason"/> says why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was signalled.</exception>
    /// <exception cref="System.IO.IOException">The transport failed. What a device store or a key service throws comes through as well.</exception>
    public static ValueTask<SecureTunnelConnection> AcceptAsync(
        IDuplexPipe transport, SecureTunnelServerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return AcceptAsync(transport, options, SystemCrypto.Instance, SystemEntropy.Instance, cancellationToken);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns the session.")]
    internal static async ValueTask<SecureTunnelConnection> AcceptAsync(
        IDuplexPipe transport, SecureTunnelServerOptions options, CryptoProvider crypto, Entropy entropy, CancellationToken cancellationToken)
    {
        using var pipe = new HandshakePipe(transport, options.TimeProvider, cancellationToken);
        using var handshake = new ServerHandshake(options, crypto, entropy, pipe.Now);
        try
        {
            HandshakeStep step = HandshakeStep.ReadFrame;
            while (step is not (HandshakeStep.Connected or HandshakeStep.Failed))
            {
                step = await StepAsync(step, handshake, pipe, options).ConfigureAwait(false);
            }

            if (step == HandshakeStep.Connected)
            {
                await pipe.FlushAsync().ConfigureAwait(false);
                var peer = new SecureTunnelPeer(handshake.DeviceId, serverKeyHash: default);
                return pipe.Connect(handshake.TakeSession(), peer, handshake.Suite, handshake.Mode != HandshakeMode.Full, options.PaddingBlock, options.SendBuffer);
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
        throw new SecureTunnelHandshakeException(failure.Reason, failure.Alert, failure.FromPeer);
    }

    private static async ValueTask<HandshakeStep> StepAsync(HandshakeStep step, ServerHandshake handshake, HandshakePipe pipe, SecureTunnelServerOptions options)
    {
        pipe.SetDeadline(handshake.NextDeadline);
        switch (step)
        {
            case HandshakeStep.UsePrivateKey:
                return await UsePrivateKeyAsync(handshake, pipe, options.KeyGate).ConfigureAwait(false);
            case HandshakeStep.FindDevice:
                return await FindDeviceAsync(handshake, pipe, options.Devices!).ConfigureAwait(false);
            default:
                FrameStatus status = await pipe.ReadFrameAsync(handshake.MaxBody).ConfigureAwait(false);
                return status switch
                {
                    FrameStatus.Ok => handshake.OnFrame(pipe.Frame, pipe.Now, pipe.Output),
                    FrameStatus.Truncated => handshake.OnEndOfStream(pipe.Output),
                    _ => handshake.OnBadFrame(status, pipe.Output),
                };
        }
    }

    private static async ValueTask<HandshakeStep> UsePrivateKeyAsync(ServerHandshake handshake, HandshakePipe pipe, SecureTunnelKeyGate gate) // [ST-702]
    {
        if (!await gate.TryEnterAsync(pipe.Stop).ConfigureAwait(false))
        {
            return handshake.OnBusy(pipe.Output);
        }

        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // a caller that accepts the next connection does not wait for this one's private key
            return handshake.OnPrivateKey(pipe.Now, pipe.Output);
        }
        catch // a key service that is out of reach; a ciphertext that does not open never comes here
        {
            handshake.OnInternalError(pipe.Output);
            throw;
        }
        finally
        {
            gate.Leave();
        }
    }

    private static async ValueTask<HandshakeStep> FindDeviceAsync(ServerHandshake handshake, HandshakePipe pipe, IDeviceStore devices)
    {
        try
        {
            SecureTunnelDevice? device = await devices.FindAsync(handshake.DeviceId, pipe.Stop).ConfigureAwait(false);
            return handshake.OnDevice(device, pipe.Now, pipe.Output);
        }
        catch (OperationCanceledException) when (!pipe.Stop.IsCancellationRequested)
        {
            return handshake.OnInternalError(pipe.Output); // a timeout of the store's own: the caller cancelled nothing
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            handshake.OnInternalError(pipe.Output);
            throw;
        }
    }
}
