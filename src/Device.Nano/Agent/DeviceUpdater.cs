using System;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// The update engine over CoAP (docs/spec/device-agent.md section 4): asks for offers, fetches chunks with a window, arms, confirms or rejects.
/// It keeps requests that wait; the engine keeps everything that must survive.
/// </summary>
internal sealed class DeviceUpdater
{
    private readonly DeviceSelfTest? _selfTest;
    private readonly DeviceAgentSettings _settings;
    private readonly OtaRequest _request = new OtaRequest();
    private readonly int[] _chunks = new int[MaxWindow];
    private readonly byte[] _text = new byte[2 * OtaRequest.ArtifactLength];
    private readonly DeviceBody _manifest = new DeviceBody();
    private uint _nextBlock;
    private int _offer;
    private long _nextOffer;
    private long _nextTry;

    public DeviceUpdater(OtaEngine engine, OtaBoot boot, DeviceSelfTest? selfTest, DeviceAgentSettings settings)
    {
        Engine = engine;
        Boot = boot;
        _selfTest = selfTest;
        _settings = settings;
    }

    /// <summary>Whether the running image is on trial, so that not reaching the server in time rolls it back.</summary>
    public bool IsOnTrial => Engine.State == OtaState.Trial;

    /// <summary>Whether the device is to be reset: an image is armed, or the running one was rejected.</summary>
    public bool WantsReset => Engine.State == OtaState.Armed || Engine.State == OtaState.Rejected;

    public readonly OtaEngine Engine;

    public readonly OtaBoot Boot;

    /// <summary>A new connection: everything that waited is asked for again, and an offer at once.</summary>
    public void OnConnected(CoapEndpoint endpoint, long now)
    {
        ForgetRequests(endpoint, now);
        _nextOffer = now;
        _nextTry = now;
        if (Engine.State == OtaState.Paused)
        {
            Engine.Resume();
        }

        if (IsOnTrial)
        {
            Judge(now);
        }
    }

    /// <summary>Begins one request where one is due, into the endpoint's empty output.</summary>
    /// <returns>Whether there is something to write.</returns>
    public bool Step(CoapEndpoint endpoint, long now)
    {
        if (now - LastProgress >= _settings.RequestTimeout)
        {
            // What was asked for is lost somewhere: ask again, the engine knows for what.
            ForgetRequests(endpoint, now);
        }

        if (!endpoint.CanRequest)
        {
            return false;
        }

        OtaState state = Engine.State;
        if (now >= _nextOffer && (state == OtaState.Idle || state == OtaState.Downloading))
        {
            return AskForOffer(endpoint, now);
        }

        switch (state)
        {
            case OtaState.Downloading:
                return FetchChunk(endpoint);
            case OtaState.Verified when now >= _nextTry:
                if (Engine.Arm() == OtaStatus.FlashFailed)
                {
                    _nextTry = now + _settings.OfferInterval;
                }

                return false;
            case OtaState.Trial when now >= _nextTry:
                Judge(now);
                return false;
            default:
                return false;
        }
    }

    /// <summary>When the engine last took something: requests are given up by that.</summary>
    public long LastProgress;

    /// <summary>Takes a response if it is one of the updater's.</summary>
    /// <returns>Whether the engine has got further by it.</returns>
    public bool TryTake(CoapEndpoint endpoint, int requestId, CoapReader response, long now)
    {
        if (requestId == _offer)
        {
            _offer = 0;
            if (response.Code == CoapCode.Content)
            {
                return TakeManifest(endpoint.Input, response, now);
            }

            ForgetManifest();
            return false;
        }

        int slot = FindChunk(requestId);
        if (slot < 0)
        {
            return false;
        }

        _chunks[slot] = 0;
        return response.Code == CoapCode.Content && Engine.OnChunk(endpoint.Input, response.PayloadOffset, response.PayloadLength) == OtaStatus.Ok;
    }

    /// <summary>Takes a manifest, of a response or one that the server has pushed.</summary>
    /// <returns>What the engine says to it.</returns>
    public OtaStatus TakeOffer(byte[] buffer, int offset, int count, long now)
    {
        LastOffer = Engine.Offer(buffer, offset, count);
        LastProgress = now;
        return LastOffer;
    }

    /// <summary>What the engine said to the last offer.</summary>
    public OtaStatus LastOffer;

    /// <summary>The answer to the question for an offer, perhaps in blocks: then the next one is asked for at once.</summary>
    private bool TakeManifest(byte[] buffer, CoapReader response, long now)
    {
        uint block = 0;
        uint etag = 0;
        bool isBlock = false;
        while (response.NextOption())
        {
            if (response.OptionNumber == CoapOptionNumber.ETag)
            {
                etag = OtaCrc32C.Append(etag, buffer, response.OptionOffset, response.OptionLength);
            }
            else if (response.OptionNumber == CoapOptionNumber.Block2)
            {
                isBlock = response.TryGetOptionUInt(out block);
            }
        }

        int before = _nextBlock == 0 ? 0 : _manifest.Length;
        byte code = isBlock ? _manifest.Add(block, etag, buffer, response.PayloadOffset, response.PayloadLength, OtaManifest.MaxEnvelopeLength, now) : CoapCode.Empty;
        if (code == CoapCode.Continue && _manifest.Length > before)
        {
            int exponent = DeviceBody.Exponent(block);
            _nextBlock = (uint)((_manifest.Length >> exponent) | exponent);
            _nextOffer = now;
            return false;
        }

        byte[]? whole = isBlock ? _manifest.Bytes : null;
        ForgetManifest();
        if (code != CoapCode.Empty || response.PayloadLength == 0)
        {
            return false;
        }

        return (whole == null ? TakeOffer(buffer, response.PayloadOffset, response.PayloadLength, now) : TakeOffer(whole, 0, _manifest.Length, now)) == OtaStatus.Ok;
    }

    private void ForgetManifest()
    {
        _manifest.Bytes = null;
        _nextBlock = 0;
    }

    /// <summary>Asked while a download is under way too: one whose chunks nobody serves any more ends when a later image is offered.</summary>
    private bool AskForOffer(CoapEndpoint endpoint, long now)
    {
        _nextOffer = now + _settings.OfferInterval;
        LastProgress = now;
        CoapWriter writer = endpoint.BeginRequest(CoapCode.Get, true, out _offer);
        writer.WriteOption(CoapOptionNumber.UriPath, "u");
        WriteQuery(writer, 's', Engine.Boot.Sequence);
        if (_nextBlock != 0)
        {
            writer.WriteOption(CoapOptionNumber.Block2, _nextBlock);
        }

        return endpoint.Complete() == CoapWriteStatus.Ok;
    }

    private bool FetchChunk(CoapEndpoint endpoint)
    {
        int slot = FindChunk(0);
        if (slot < 0 || _offer != 0 || !Engine.TryGetRequest(_request))
        {
            return false;
        }

        CoapWriter writer = endpoint.BeginRequest(CoapCode.Get, true, out int id);
        _chunks[slot] = id;
        for (int i = 0; i < OtaRequest.ArtifactLength; i++)
        {
            _text[2 * i] = Hex(_request.Artifact[i] >> 4);
            _text[(2 * i) + 1] = Hex(_request.Artifact[i] & 0x0F);
        }

        writer.WriteOption(CoapOptionNumber.UriPath, "o");
        writer.WriteOption(CoapOptionNumber.UriPath, _text, 0, _text.Length);
        WriteQuery(writer, 'o', (uint)_request.Offset);
        WriteQuery(writer, 'n', (uint)_request.Length);
        return endpoint.Complete() == CoapWriteStatus.Ok;
    }

    private void WriteQuery(CoapWriter writer, char name, uint value)
    {
        int count = DecimalText.Write(value, _text);
        for (int i = count - 1; i >= 0; i--)
        {
            _text[i + 2] = _text[i];
        }

        _text[0] = (byte)name;
        _text[1] = (byte)'=';
        writer.WriteOption(CoapOptionNumber.UriQuery, _text, 0, count + 2);
    }

    /// <summary>The server has accepted this image's device: the last thing that a self-test could ask of the network. Where flash fails, it is asked again.</summary>
    private void Judge(long now)
    {
        _nextTry = now + _settings.RequestTimeout;
        uint fault = uint.MaxValue;
#pragma warning disable CA1031 // a self-test that throws has failed, whatever it throws
        try
        {
            fault = _selfTest == null ? 0 : _selfTest();
        }
        catch (Exception)
        {
            // It stays as it is.
        }
#pragma warning restore CA1031

        if (fault == 0)
        {
            Engine.Confirm();
        }
        else
        {
            Engine.Reject(OtaReason.SelfTestFailed, fault);
        }
    }

    private void ForgetRequests(CoapEndpoint endpoint, long now)
    {
        endpoint.Forget(_offer);
        _offer = 0;
        ForgetManifest();
        for (int i = 0; i < MaxWindow; i++)
        {
            endpoint.Forget(_chunks[i]);
            _chunks[i] = 0;
        }

        Engine.ForgetRequests();
        LastProgress = now;
    }

    /// <summary>The slot of a chunk's request, or with 0 a free one; -1 where there is none.</summary>
    private int FindChunk(int requestId)
    {
        for (int i = 0; i < MaxWindow; i++)
        {
            if (_chunks[i] == requestId)
            {
                return i;
            }
        }

        return -1;
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);

    // Implementation: requests in flight; more would need more RAM at the server's side of the socket, and gain nothing on a local link.
    private const int MaxWindow = 4;
}
