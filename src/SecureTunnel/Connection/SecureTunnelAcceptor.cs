using System;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flint.SecureTunnel;

/// <summary>
/// <see cref="SecureTunnelServer"/> with logs and metrics, for a dependency injection container. The meter is <c>Flint.SecureTunnel</c>:
/// <c>secure_tunnel.handshakes</c> ({handshake}; attributes <c>secure_tunnel.suite</c>, <c>secure_tunnel.resumed</c>, or <c>error.type</c> with the alert) and
/// <c>secure_tunnel.handshake.duration</c> (s). Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelAcceptor
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Flint.SecureTunnel";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Handshakes = Meter.CreateCounter<long>("secure_tunnel.handshakes", "{handshake}", "Handshakes that ended, well or not.");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("secure_tunnel.handshake.duration", "s", "Duration of the handshakes that made a tunnel.");

    private readonly SecureTunnelServerOptions _options;
    private readonly ILogger _logger;

    /// <summary>An acceptor for these options, which are validated here.</summary>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    public SecureTunnelAcceptor(SecureTunnelServerOptions options, ILogger<SecureTunnelAcceptor>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = logger ?? NullLogger<SecureTunnelAcceptor>.Instance;
    }

    /// <summary>As <see cref="SecureTunnelServer.AcceptAsync(IDuplexPipe, SecureTunnelServerOptions, CancellationToken)"/>.</summary>
    /// <exception cref="SecureTunnelHandshakeException">The handshake failed; <see cref="SecureTunnelException.Reason"/> says why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was signalled.</exception>
    public async ValueTask<SecureTunnelConnection> AcceptAsync(IDuplexPipe transport, CancellationToken cancellationToken = default)
    {
        try
        {
            SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(transport, _options, cancellationToken).ConfigureAwait(false);
            SecureTunnelStatistics cost = tunnel.Statistics;
            Handshakes.Add(1, new("secure_tunnel.suite", tunnel.Suite.ToString()), new("secure_tunnel.resumed", tunnel.Resumed));
            Duration.Record(cost.HandshakeDuration.TotalSeconds);
            long bytes = cost.HandshakeBytesReceived + cost.HandshakeBytesSent;
            Log.Accepted(_logger, tunnel.Peer.DeviceId, tunnel.Suite, tunnel.Resumed, bytes, cost.HandshakeDuration.TotalMilliseconds);
            return tunnel;
        }
        catch (SecureTunnelHandshakeException e)
        {
            Handshakes.Add(1, new System.Collections.Generic.KeyValuePair<string, object?>("error.type", e.Alert.ToString()));
            Log.Refused(_logger, e.Reason, e.Alert, e.IsFromPeer);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Handshakes.Add(1, new System.Collections.Generic.KeyValuePair<string, object?>("error.type", e.GetType().FullName));
            Log.Broken(_logger, e);
            throw;
        }
    }
}
