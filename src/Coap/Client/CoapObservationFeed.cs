using System;
using System.Security.Cryptography;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>An observation of ours, whatever carries it: the requests that begin and end it, its machine, and the newest state that was not read yet.</summary>
internal sealed class CoapObservationFeed
{
    private readonly Channel<CoapResponse> _channel = Channel.CreateBounded<CoapResponse>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="ArgumentException">The request is neither GET nor FETCH.</exception>
    public CoapObservationFeed(CoapRequest request, bool isOrdered)
    {
        if (!request.Method.IsSafe())
        {
            throw new ArgumentException($"{request.Method.ToDotted()} cannot be observed (RFC 7641 section 2).", nameof(request));
        }

        Register = request.Part(request.Payload, default, null);
        Register.Options.Add(CoapOptionNumber.Observe, 0);
        Deregister = request.Part(request.Payload, default, null);
        Deregister.Options.Add(CoapOptionNumber.Observe, 1);
        Machine = new CoapObservation(RandomNumberGenerator.GetBytes(EntropyLength), isOrdered);
    }

    public CoapObservation Machine { get; }

    public CoapRequest Register { get; set; }

    public CoapRequest Deregister { get; }

    public ChannelReader<CoapResponse> Notifications => _channel.Reader;

    /// <summary>Ends with the observation.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The machine has judged a response with the token of the observation.</summary>
    /// <param name="response">The response; null where it is no news.</param>
    public void OnResponse(CoapResponse? response)
    {
        if (response is not null)
        {
            _channel.Writer.TryWrite(response);
        }

        if (Machine.State == CoapObservationState.Ended)
        {
            _channel.Writer.TryComplete();
            _ended.TrySetResult();
        }
    }

    /// <summary>The observation has ended without a response.</summary>
    public void OnFailed(CoapException failure)
    {
        Machine.OnFailed();
        _channel.Writer.TryComplete(failure);
        _ended.TrySetResult();
    }

    private const int EntropyLength = 32;
}
