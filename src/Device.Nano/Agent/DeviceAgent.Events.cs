using Flint.Ota;

namespace Flint.Device.Nano;

// What the device says (docs/spec/device-agent.md section 3): the report of a connection, the record of a fault, events, whole or in blocks.
public sealed partial class DeviceAgent
{
    private DeviceEvent? _crash;

    // The event under way; in blocks where there is a body, with the request of one block at a time.
    private DeviceEvent? _sending;
    private byte[]? _body;
    private int _bodyAt;
    private int _exponent;
    private int _block;
    private long _blockSent;
    private int _blockTurns;

    /// <summary>Sends what waits: the record of a fault first, then events in their order; one that fits into no message goes block by block.</summary>
    private bool SendEvent(CoapEndpoint endpoint, long now)
    {
        // Some turns more: it may have been the device that had no time to listen.
        if (_block != 0 && now - _blockSent >= _settings.RequestTimeout && ++_blockTurns > MoreTurns)
        {
            endpoint.Forget(_block);
            Leave(1);
        }

        if (_block != 0 || !endpoint.CanRequest)
        {
            return false;
        }

        if (_body == null)
        {
            _sending = _crash;
            lock (_events)
            {
                if (_sending == null && _events.Count > 0)
                {
                    _sending = (DeviceEvent)_events[0]!;
                }
            }

            if (_sending == null || Post(endpoint, _sending.Name, _sending.Payload, null) != 0)
            {
                return _sending != null;
            }

            // It fits into no message, or is no text.
            _body = DeviceBody.Encode(_sending.Payload, _settings.MaxBody);
            if (_body == null)
            {
                Leave(1);
                return true;
            }

            _exponent = DeviceBody.LargestExponent;
            _bodyAt = 0;
        }

        for (; _exponent >= 0; _exponent--)
        {
            _block = Post(endpoint, _sending!.Name, "", _body);
            if (_block != 0)
            {
                _blockSent = now;
                _blockTurns = 0;
                return true;
            }
        }

        Leave(1);
        return true;
    }

    /// <summary>The answer to a block of an event: the next one goes in the next turn, no larger than the server wants it (RFC 7959 section 2.3).</summary>
    private void OnBlock(CoapReader response)
    {
        _block = 0;
        _bodyAt += 16 << _exponent;
        while (response.NextOption())
        {
            if (response.OptionNumber == CoapOptionNumber.Block1 && response.TryGetOptionUInt(out uint block) && (block & 7) < _exponent)
            {
                _exponent = (int)(block & 7);
            }
        }

        bool isRefused = response.Code >= CoapCode.BadRequest;
        if (isRefused || _bodyAt >= _body!.Length)
        {
            Leave(isRefused ? 1 : 0);
        }
    }

    /// <summary>The event under way waits no longer: the network or the server has taken it, or it is dropped. A crash is on record until it is taken.</summary>
    private void Leave(int dropped)
    {
        if (_sending == _crash)
        {
            _crash = null;
            if (dropped == 0)
            {
                _platform.Save(CrashName, new byte[0]);
            }
        }

        lock (_events)
        {
            _events.Remove(_sending);
            EventsDropped += dropped;
        }

        _sending = null;
        _body = null;
        _block = 0;
    }

    /// <summary>What the server should know of the time without it: which image runs, and how the last update ended.</summary>
    private bool Report(CoapEndpoint endpoint)
    {
        if (_updater == null)
        {
            return false;
        }

        OtaEngine engine = _updater.Engine;
        _reported = engine.LastReason;
        string text = DecimalText.Text((int)engine.Boot.Source) + " " + DecimalText.Text(engine.Boot.Sequence) + " "
            + DecimalText.Text((int)_reported) + " " + DecimalText.Text(engine.LastDetail);
        return Post(endpoint, "device/boot", text, null) != 0;
    }

    /// <summary>POST /e/{name}: the payload whole, with every response suppressed (RFC 7967), or the next block of a body.</summary>
    /// <returns>The request's number; 0 where it fits into no message.</returns>
    private int Post(CoapEndpoint endpoint, string name, string payload, byte[]? body)
    {
        CoapWriter writer = endpoint.BeginRequest(CoapCode.Post, body != null, out int id);
        writer.WriteOption(CoapOptionNumber.UriPath, "e");
        bool isPath = true;
        int start = 0;
        for (int i = 0; i <= name.Length; i++)
        {
            if (i == name.Length || name[i] == '/')
            {
                string segment = name.Substring(start, i - start);
                isPath &= Utf8Text.Count(segment) <= MaxSegment;
                writer.WriteOption(CoapOptionNumber.UriPath, segment);
                start = i + 1;
            }
        }

        writer.WriteOption(CoapOptionNumber.ContentFormat, 0u);
        if (body == null)
        {
            writer.WriteOption(CoapOptionNumber.NoResponse, SuppressAll);
            writer.WritePayload(payload);
        }
        else
        {
            int size = 16 << _exponent;
            int rest = body.Length - _bodyAt;
            writer.WriteOption(CoapOptionNumber.Block1, (uint)((_bodyAt >> _exponent) | (rest > size ? DeviceBody.More : 0) | _exponent));
            writer.WritePayload(body, _bodyAt, rest < size ? rest : size);
        }

        if (isPath && endpoint.Complete() == CoapWriteStatus.Ok)
        {
            return id;
        }

        endpoint.Forget(id);
        return 0;
    }

    // Specification
    private const uint SuppressAll = 26;
    private const int MaxSegment = 255;

    // Implementation
    private const int MoreTurns = 64;
}
