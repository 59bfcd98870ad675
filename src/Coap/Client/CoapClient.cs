using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Requests to one server, over UDP (<c>coap://host</c>) or TCP (<c>coap+tcp://host</c>). Its members may be called from any thread.</summary>
public sealed partial class CoapClient : IAsyncDisposable
{
    private readonly CoapUdpEndpoint? _endpoint;
    private readonly SocketAddress? _address;
    private readonly CoapConnection? _connection;
    private readonly CoapHandler _send;
    private string? _host;

    private CoapClient(CoapUdpEndpoint endpoint, SocketAddress address, IEnumerable<CoapFilter> filters)
    {
        _endpoint = endpoint;
        _address = address;
        CoapHandler send = InstrumentedHandler.AroundClient((request, cancellationToken) => new(endpoint.RequestAsync(address, request, cancellationToken)), "udp");
        _send = CoapFilterChain.Before([.. filters], send);
    }

    private CoapClient(CoapConnection connection, IEnumerable<CoapFilter> filters)
    {
        _connection = connection;
        _send = CoapFilterChain.Before([.. filters], (request, cancellationToken) => new(connection.SendAsync(request, cancellationToken)));
    }

    /// <summary>Resolves the host and opens a socket to it. Over UDP nothing is sent yet.</summary>
    /// <param name="uri">The scheme coap or coap+tcp, a host, and a port unless it is 5683; path and query do not matter here (RFC 7252 section 6.1, RFC 8323 section 8.1). A name is sent as Uri-Host with each request that is made here from a path (RFC 7252 section 6.4, step 5).</param>
    /// <param name="options">Limits and parameters.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ArgumentException">Another scheme, or no URI of CoAP (<see cref="CoapUriStatus"/>).</exception>
    /// <exception cref="SocketException">The host is unknown, or over TCP does not answer.</exception>
    public static async Task<CoapClient> ConnectAsync(Uri uri, CoapClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new CoapClientOptions();
        options.Validate();
        CoapUriStatus status = CoapUri.TryParse(uri.OriginalString, out CoapUri? parsed);
        if (status != CoapUriStatus.Ok || parsed!.IsSecure)
        {
            throw new ArgumentException($"{uri.OriginalString} is no URI with the scheme coap or coap+tcp: {status}.", nameof(uri));
        }

        bool tcp = parsed.Scheme == CoapScheme.CoapTcp;
        IPAddress[] addresses = parsed.Address is IPAddress address
            ? [address]
            : await Dns.GetHostAddressesAsync(new IdnMapping().GetAscii(parsed.Host), cancellationToken).ConfigureAwait(false);
        var server = new IPEndPoint(addresses[0], parsed.Port);
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

        CoapClient client = tcp ? OverTcp(socket, options) : OverUdp(socket, options);
        client._host = parsed.Address is null ? parsed.Host : null;
        return client;
    }

    /// <summary>Sends a request with the options that it has, and waits for its response, whatever its code.</summary>
    /// <exception cref="CoapException">There is no response, or none that can be understood.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. The server may have got the request all the same.</exception>
    public Task<CoapResponse> SendAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _send(request, cancellationToken).AsTask();
    }

    /// <summary>
    /// Sends a request and writes the body of a success to a stream as it arrives, however large it is. A stream that can seek is cut back where the body changes in the meantime and is
    /// fetched anew; with another such a transfer fails.
    /// </summary>
    /// <returns>The response without its body; an error with its diagnostic payload, and nothing written.</returns>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(destination);
        return CoapBodyTransfer.DownloadAsync(request, new CoapStreamSink(destination), _send, cancellationToken);
    }

    /// <summary>GET, the body to a stream.</summary>
    /// <inheritdoc cref="DownloadAsync(CoapRequest, Stream, CancellationToken)"/>
    public Task<CoapResponse> DownloadAsync(string pathAndQuery, Stream destination, CancellationToken cancellationToken = default) =>
        DownloadAsync(Request(CoapCode.Get, pathAndQuery), destination, cancellationToken);

    /// <summary>Sends a request and writes the body of a success to a buffer writer as it arrives. Where the body changes in the meantime, the transfer fails.</summary>
    /// <inheritdoc cref="DownloadAsync(CoapRequest, Stream, CancellationToken)"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(destination);
        return CoapBodyTransfer.DownloadAsync(request, new CoapBufferSink(destination), _send, cancellationToken);
    }

    /// <summary>GET.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> GetAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>POST.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PostAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Post, pathAndQuery, payload, format), cancellationToken);

    /// <summary>PUT.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PutAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Put, pathAndQuery, payload, format), cancellationToken);

    /// <summary>DELETE.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DeleteAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Delete, pathAndQuery), cancellationToken);

    /// <summary>
    /// An event: POST with No-Response (RFC 7967). Nobody waits for the server; over UDP the request is repeated until the server acknowledges it, for at most ten seconds.
    /// </summary>
    /// <exception cref="CoapException">The request could not be sent.</exception>
    public Task PublishAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default)
    {
        return SendWithoutResponseAsync(Request(CoapCode.Post, pathAndQuery, payload, format), cancellationToken);
    }

    /// <summary>
    /// Sends a request with No-Response for every class of response (RFC 7967). Nobody waits for the server; over UDP the request is repeated until the server acknowledges it, for at most ten seconds.
    /// </summary>
    /// <exception cref="CoapException">The request could not be sent.</exception>
    public Task SendWithoutResponseAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
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
        ObserveAsync(Request(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>The same with a request of one's own, GET or FETCH.</summary>
    /// <inheritdoc cref="ObserveAsync(string, CancellationToken)"/>
    public IAsyncEnumerable<CoapResponse> ObserveAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _endpoint?.ObserveAsync(_address!, request, cancellationToken) ?? _connection!.ObserveAsync(request, cancellationToken);
    }

    /// <summary>Whether no request can be sent any more, because the TCP connection has ended; over UDP there is none.</summary>
    internal bool HasEnded => _connection?.Completion.IsCompleted == true;

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

    /// <summary>A request to this server; its host is named unless it is an address (RFC 7252 section 6.4, step 5).</summary>
    private CoapRequest Request(CoapCode method, string pathAndQuery, ReadOnlyMemory<byte> payload = default, CoapContentFormat? format = null)
    {
        var request = new CoapRequest(method, pathAndQuery) { Payload = payload, ContentFormat = format };
        if (_host is not null)
        {
            request.Options.Add(CoapOptionNumber.UriHost, _host);
        }

        return request;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns the endpoint.")]
    private static CoapClient OverUdp(Socket socket, CoapClientOptions options) =>
        new(new CoapUdpEndpoint(socket, options.Udp, CoapService.For(options.Udp.Handler, options.Udp.Router, options.Udp.HandlerFailed)), socket.RemoteEndPoint!.Serialize(), options.Filters);

    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns the connection.")]
    private static CoapClient OverTcp(Socket socket, CoapClientOptions options)
    {
        CoapConnection connection = CoapConnection.Begin(
            new SocketPipe(socket), options.Tcp, CoapService.For(options.Tcp.Handler, options.Tcp.Router, options.Tcp.HandlerFailed), options.Tcp.Peer, "tcp");
        _ = SocketPipe.CloseAfterAsync(connection, socket);
        return new CoapClient(connection, options.Filters);
    }

    internal const int DefaultPort = CoapUri.DefaultPort;
}
