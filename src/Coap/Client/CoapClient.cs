using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Requests to one server, over UDP (<c>coap://host</c>) or TCP (<c>coap+tcp://host</c>). Its members may be called from any thread.</summary>
public sealed class CoapClient : IAsyncDisposable
{
    private readonly CoapUdpEndpoint? _endpoint;
    private readonly SocketAddress? _address;
    private readonly CoapConnection? _connection;

    private CoapClient(CoapUdpEndpoint endpoint, SocketAddress address)
    {
        _endpoint = endpoint;
        _address = address;
    }

    private CoapClient(CoapConnection connection) => _connection = connection;

    /// <summary>Resolves the host and opens a socket to it. Over UDP nothing is sent yet.</summary>
    /// <param name="uri">The scheme coap or coap+tcp, a host, and a port unless it is 5683; path and query do not matter here (RFC 7252 section 6.1, RFC 8323 section 8.1).</param>
    /// <param name="options">Limits and parameters.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ArgumentException">Another scheme.</exception>
    /// <exception cref="SocketException">The host is unknown, or over TCP does not answer.</exception>
    public static async Task<CoapClient> ConnectAsync(Uri uri, CoapClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new CoapClientOptions();
        options.Udp.Validate();
        bool tcp = uri.Scheme == "coap+tcp";
        if (!tcp && uri.Scheme != "coap")
        {
            throw new ArgumentException($"The scheme {uri.Scheme} is neither coap nor coap+tcp.", nameof(uri));
        }

        int port = uri.Port > 0 ? uri.Port : DefaultPort;
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(uri.IdnHost.Trim('[', ']'), cancellationToken).ConfigureAwait(false);
        var server = new IPEndPoint(addresses[0], port);
        var socket = tcp
            ? new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return tcp ? OverTcp(socket, options.Tcp) : OverUdp(socket, options.Udp);
    }

    /// <summary>Sends a request and waits for its response, whatever its code.</summary>
    /// <exception cref="CoapException">There is no response, or none that can be understood.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. The server may have got the request all the same.</exception>
    public Task<CoapResponse> SendAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _endpoint?.RequestAsync(_address!, request, null, cancellationToken) ?? _connection!.SendAsync(request, cancellationToken);
    }

    /// <summary>
    /// Sends a request and writes the body of a success to a stream as it arrives, however large it is. A stream that can seek is cut back where the body changes in the meantime and is
    /// fetched anew; with another such a transfer fails.
    /// </summary>
    /// <returns>The response without its body; an error with its diagnostic payload, and nothing written.</returns>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return DownloadAsync(request, new CoapStreamSink(destination), cancellationToken);
    }

    /// <summary>GET, the body to a stream.</summary>
    /// <inheritdoc cref="DownloadAsync(CoapRequest, Stream, CancellationToken)"/>
    public Task<CoapResponse> DownloadAsync(string pathAndQuery, Stream destination, CancellationToken cancellationToken = default) =>
        DownloadAsync(new CoapRequest(CoapCode.Get, pathAndQuery), destination, cancellationToken);

    /// <summary>Sends a request and writes the body of a success to a buffer writer as it arrives. Where the body changes in the meantime, the transfer fails.</summary>
    /// <inheritdoc cref="DownloadAsync(CoapRequest, Stream, CancellationToken)"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return DownloadAsync(request, new CoapBufferSink(destination), cancellationToken);
    }

    private Task<CoapResponse> DownloadAsync(CoapRequest request, CoapBodySink sink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _endpoint?.RequestAsync(_address!, request, sink, cancellationToken) ?? _connection!.TransferAsync(request, sink, cancellationToken);
    }

    /// <summary>GET.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> GetAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>POST.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PostAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Post, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>PUT.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PutAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Put, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>DELETE.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DeleteAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Delete, pathAndQuery), cancellationToken);

    /// <summary>
    /// An event: POST with No-Response (RFC 7967). Nobody waits for the server; over UDP the request is repeated until the server acknowledges it, for at most ten seconds.
    /// </summary>
    /// <exception cref="CoapException">The request could not be sent.</exception>
    public Task PublishAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default)
    {
        var request = new CoapRequest(CoapCode.Post, pathAndQuery) { Payload = payload, ContentFormat = format };
        if (_connection is not null)
        {
            return _connection.SendWithoutResponseAsync(request, cancellationToken);
        }

        CoapNoResponse.SuppressAll(request);
        _endpoint!.RequestWithoutResponse(_address!, request);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Observes a resource (RFC 7641): gives its state now, and its new state after each change; who reads slowly gets the newest. A server that does not let it be
    /// observed, or ends the observation, gives one last response, perhaps an error. Leaving the loop ends the observation.
    /// </summary>
    /// <exception cref="CoapException">The server is silent, unreachable, or has restarted.</exception>
    public IAsyncEnumerable<CoapResponse> ObserveAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        ObserveAsync(new CoapRequest(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>The same with a request of one's own, GET or FETCH.</summary>
    /// <inheritdoc cref="ObserveAsync(string, CancellationToken)"/>
    public IAsyncEnumerable<CoapResponse> ObserveAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _endpoint?.ObserveAsync(_address!, request, cancellationToken) ?? _connection!.ObserveAsync(request, cancellationToken);
    }

    /// <summary>Closes the socket; over TCP after a Release. Requests under way fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_endpoint is not null)
        {
            await _endpoint.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            await _connection!.CloseAsync().ConfigureAwait(false);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns the endpoint.")]
    private static CoapClient OverUdp(Socket socket, CoapUdpOptions options) =>
        new(new CoapUdpEndpoint(socket, options, options.Handler, CoapObservedResources.For(options.Handler, options.HandlerFailed)), socket.RemoteEndPoint!.Serialize());

    private static CoapClient OverTcp(Socket socket, CoapConnectionOptions options)
    {
        CoapConnection connection = CoapConnection.Start(new SocketPipe(socket), options);
        _ = SocketPipe.CloseAfterAsync(connection, socket);
        return new CoapClient(connection);
    }

    // Specification: RFC 7252 section 6.1, RFC 8323 section 8.1.
    internal const int DefaultPort = 5683;
}
