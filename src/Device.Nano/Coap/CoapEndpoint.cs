using System;

namespace Flint.Device.Nano;

/// <summary>
/// One end of CoAP over a stream (RFC 8323; docs/spec/coap-profile.md sections 3 and 4): signalling, requests both ways. It does no I/O: bytes
/// received go in, one message at a time comes out. Nothing is allocated a message.
/// </summary>
/// <remarks>
/// The loop at the edge: <see cref="OnReceived"/>; then <see cref="Next"/> while it is true, and after each, and after each message of one's own,
/// write what <see cref="OutputCount"/> says and call <see cref="OnSent"/>. The output holds one message; it is written before the next is begun.
/// </remarks>
public sealed class CoapEndpoint
{
    private readonly ICoapHandler _handler;
    private readonly CoapReader _reader = new CoapReader();
    private readonly CoapWriter _writer = new CoapWriter();
    private readonly int _outputStart;
    private readonly byte[] _token = new byte[RequestTokenLength];
    private readonly int[] _pending = new int[MaxRequests];
    private readonly int _maxOutput;
    private int _inputCount;
    private int _lastRequest;
    private bool _hasCsm;

    /// <param name="handler">Takes requests and responses.</param>
    /// <param name="maxMessageSize">The longest message that this end takes, in bytes, at least 64.</param>
    /// <param name="output">Where messages are written; may be the tunnel's output buffer.</param>
    /// <param name="outputOffset">Where they may start.</param>
    /// <param name="outputCount">How much room there is.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is too small, or the range does not lie within the buffer.</exception>
    public CoapEndpoint(ICoapHandler handler, int maxMessageSize, byte[] output, int outputOffset, int outputCount)
    {
        ByteRange.Check(output, outputOffset, outputCount);
        if (handler == null || maxMessageSize < LeastMessage || outputCount < LeastMessage)
        {
            throw new ArgumentOutOfRangeException(nameof(maxMessageSize));
        }

        _handler = handler;
        Input = new byte[maxMessageSize];
        Output = output;
        _outputStart = outputOffset;
        _maxOutput = outputCount;
        OutputRoom = outputCount < BaseMaxMessageSize ? outputCount : BaseMaxMessageSize;
    }

    /// <summary>The buffer that messages are written to.</summary>
    public readonly byte[] Output;

    /// <summary>Where the message to send starts in the output buffer.</summary>
    public int OutputOffset;

    /// <summary>The length of the message to send; 0: none.</summary>
    public int OutputCount;

    /// <summary>The longest message that may be written: the output's room, or what the peer takes.</summary>
    public int OutputRoom;

    /// <summary>Whether the connection is over for CoAP: an Abort, a Release, or a breach of the protocol. Write what is left and close the stream.</summary>
    public bool IsEnded;

    /// <summary>Why the peer's bytes were refused, where they were.</summary>
    public CoapReadStatus Refusal;

    /// <summary>Whether a request may be begun: the output is empty, the connection lives, and fewer than 8 requests wait for their responses.</summary>
    public bool CanRequest => OutputCount == 0 && !IsEnded && RequestsInFlight < MaxRequests;

    /// <summary>How many requests wait for their responses.</summary>
    public int RequestsInFlight;

    /// <summary>The buffer that a handled message stands in: what the reader's offsets mean.</summary>
    public readonly byte[] Input;

    /// <summary>How many bytes <see cref="OnReceived"/> takes now.</summary>
    public int InputRoom => Input.Length - _inputCount;

    /// <summary>Writes the CSM, which is each end's first message (RFC 8323 section 5.3).</summary>
    public void Start()
    {
        BeginMessage(CoapCode.Csm, _token, 0, 0);
        _writer.WriteOption(CoapOptionNumber.CsmMaxMessageSize, (uint)Input.Length);
        _writer.WriteOption(CoapOptionNumber.CsmBlockWiseTransfer, 0u);
        Complete();
    }

    /// <summary>Takes bytes of the stream.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="InputRoom"/>, or outside the buffer.</exception>
    public void OnReceived(byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        if (count > InputRoom)
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }

        Array.Copy(buffer, offset, Input, _inputCount, count);
        _inputCount += count;
    }

    /// <summary>Handles the next whole message of the input; the output must be empty.</summary>
    /// <returns>False where there is none yet, or the connection is over.</returns>
    /// <exception cref="InvalidOperationException">The output is not empty.</exception>
    public bool Next()
    {
        if (OutputCount != 0)
        {
            throw new InvalidOperationException(NotNow);
        }

        if (IsEnded)
        {
            return false;
        }

        CoapReadStatus status = _reader.ReadStream(Input, 0, _inputCount, Input.Length);
        if (status == CoapReadStatus.NeedMoreData)
        {
            return false;
        }

        if (status != CoapReadStatus.Ok)
        {
            Refusal = status;
            Abort();
            return false;
        }

        int consumed = _reader.Consumed;
        Handle(_reader.Code);
        _inputCount -= consumed;
        Array.Copy(Input, consumed, Input, 0, _inputCount);
        return true;
    }

    /// <summary>The output has been written to the stream.</summary>
    public void OnSent() => OutputCount = 0;

    /// <summary>Begins a request; its options and payload go to the writer, then comes <see cref="Complete"/>.</summary>
    /// <param name="code">The method.</param>
    /// <param name="wantsResponse">False for a request with No-Response, whose caller adds that option.</param>
    /// <param name="requestId">Numbers the request: what <see cref="ICoapHandler.OnResponse"/> will say.</param>
    /// <returns>The writer.</returns>
    /// <exception cref="InvalidOperationException"><see cref="CanRequest"/> is false.</exception>
    public CoapWriter BeginRequest(byte code, bool wantsResponse, out int requestId)
    {
        if (!CanRequest)
        {
            throw new InvalidOperationException(NotNow);
        }

        _lastRequest = _lastRequest == int.MaxValue ? 1 : _lastRequest + 1;
        requestId = _lastRequest;
        if (wantsResponse)
        {
            _pending[FindPending(0)] = requestId;
            RequestsInFlight++;
        }

        BigEndian.WriteUInt32(_token, 0, (uint)requestId);
        return BeginMessage(code, _token, 0, RequestTokenLength);
    }

    /// <summary>Begins the response to the request that is being handled.</summary>
    /// <returns>The writer, for options and payload; then comes <see cref="Complete"/>.</returns>
    public CoapWriter BeginResponse(byte code)
    {
        // A second attempt replaces the first.
        OutputCount = 0;
        return BeginMessage(code, Input, _reader.TokenOffset, _reader.TokenLength);
    }

    /// <summary>Begins a notification for a token that an observation was registered with (RFC 7641 section 4.2).</summary>
    public CoapWriter BeginNotification(byte code, byte[] token, int tokenLength)
    {
        if (OutputCount != 0 || IsEnded)
        {
            throw new InvalidOperationException(NotNow);
        }

        return BeginMessage(code, token, 0, tokenLength);
    }

    /// <summary>Ends the message that was begun.</summary>
    /// <returns>Ok, or why there is none: typically it is longer than <see cref="OutputRoom"/>.</returns>
    public CoapWriteStatus Complete()
    {
        CoapWriteStatus status = _writer.Complete();
        OutputOffset = _writer.Offset;
        OutputCount = _writer.Length;
        return status;
    }

    /// <summary>Gives a request up: a response that still comes is ignored.</summary>
    /// <returns>Whether its response was awaited.</returns>
    public bool Forget(int requestId)
    {
        int slot = requestId == 0 ? -1 : FindPending(requestId);
        if (slot >= 0)
        {
            _pending[slot] = 0;
            RequestsInFlight--;
        }

        return slot >= 0;
    }

    /// <summary>Asks the peer whether it lives: a Ping with an empty token, which any bytes in return answer (RFC 8323 section 5.4).</summary>
    public void Ping()
    {
        BeginMessage(CoapCode.Ping, _token, 0, 0);
        Complete();
    }

    private void Handle(byte code)
    {
        if (!_hasCsm && code != CoapCode.Csm && code != CoapCode.Abort)
        {
            Abort(); // docs/spec/coap-profile.md section 4.1: nothing comes before the CSM
            return;
        }

        switch (code)
        {
            case CoapCode.Csm:
                OnCsm();
                break;
            case CoapCode.Ping:
                BeginMessage(CoapCode.Pong, Input, _reader.TokenOffset, _reader.TokenLength);
                Complete();
                break;
            case CoapCode.Release:
            case CoapCode.Abort:
                IsEnded = true;
                break;
            default:
                if (CoapCode.IsRequest(code))
                {
                    OnRequest();
                }
                else if (CoapCode.IsResponse(code))
                {
                    OnResponse();
                }

                break; // 0.00, Pong and other signals are ignored
        }
    }

    private void OnCsm()
    {
        _hasCsm = true;
        while (_reader.NextOption())
        {
            if (_reader.OptionNumber == CoapOptionNumber.CsmMaxMessageSize && _reader.TryGetOptionUInt(out uint size))
            {
                OutputRoom = size < LeastMessage ? LeastMessage : size > (uint)_maxOutput ? _maxOutput : (int)size;
            }
            else if (CoapOptionNumber.IsCritical(_reader.OptionNumber))
            {
                Abort();
                return;
            }
        }
    }

    private void OnRequest()
    {
        _handler.OnRequest(this, _reader);
        if (OutputCount == 0)
        {
            BeginResponse(CoapCode.InternalServerError);
            Complete();
        }
    }

    private void OnResponse()
    {
        // A response that matches nothing is late, or nobody asked: it is ignored.
        int id = _reader.TokenLength == RequestTokenLength ? (int)BigEndian.ReadUInt32(Input, _reader.TokenOffset) : 0;
        if (Forget(id))
        {
            _handler.OnResponse(this, id, _reader);
        }
    }

    private void Abort()
    {
        BeginMessage(CoapCode.Abort, _token, 0, 0);
        Complete();
        IsEnded = true;
    }

    private CoapWriter BeginMessage(byte code, byte[] token, int tokenOffset, int tokenLength)
    {
        _writer.BeginStream(Output, _outputStart, OutputRoom, code, token, tokenOffset, tokenLength);
        return _writer;
    }

    private int FindPending(int requestId)
    {
        for (int i = 0; i < MaxRequests; i++)
        {
            if (_pending[i] == requestId)
            {
                return i;
            }
        }

        return -1;
    }

    // Specification
    private const int BaseMaxMessageSize = 1152;

    private const string NotNow = "The output waits, the connection is over, or too many requests do.";

    // Implementation
    private const int LeastMessage = 64;
    private const int RequestTokenLength = 4;
    private const int MaxRequests = 8;
}
