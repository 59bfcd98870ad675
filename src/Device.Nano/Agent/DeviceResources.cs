using System;
using System.Collections;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// What a device offers (docs/spec/device-agent.md section 2): functions at /f, variables at /v, observable, and a description of both at
/// /.well-known/core.
/// </summary>
internal sealed class DeviceResources
{
    private readonly ArrayList _functions = new ArrayList();
    private readonly ArrayList _variables = new ArrayList();
    private readonly Observation[] _observations = new Observation[MaxObservations];
    private readonly int[] _segmentOffset = new int[MaxSegments];
    private readonly int[] _segmentLength = new int[MaxSegments];
    private readonly byte[] _digits = new byte[DecimalText.MaxLength];
    private int _looked;
    private int _segments;
    private int _block;
    private bool _wantsMoreBlocks;
    private int _observe;
    private int _accept;

    public DeviceResources()
    {
        for (int i = 0; i < MaxObservations; i++)
        {
            _observations[i] = new Observation();
        }
    }

    public void AddFunction(string name, DeviceFunction function) => _functions.Add(new Resource(name, function, null));

    public void AddVariable(string name, DeviceVariable variable) => _variables.Add(new Resource(name, null, variable));

    /// <summary>Answers a request.</summary>
    public void Answer(CoapEndpoint endpoint, CoapReader request, DeviceUpdater? updater, long now)
    {
        byte[] buffer = endpoint.Input;
        byte refusal = ReadOptions(request, buffer);
        if (refusal != 0)
        {
            Respond(endpoint, refusal);
            return;
        }

        if (_segments == 2 && IsSegment(buffer, 0, "f"))
        {
            Call(endpoint, request, buffer, Find(_functions, buffer));
        }
        else if (_segments == 2 && IsSegment(buffer, 0, "v"))
        {
            Read(endpoint, request, buffer, Find(_variables, buffer));
        }
        else if (_segments == 2 && IsSegment(buffer, 0, ".well-known") && IsSegment(buffer, 1, "core"))
        {
            Describe(endpoint, request);
        }
        else if (_segments == 1 && IsSegment(buffer, 0, "u") && updater != null)
        {
            TakeOffer(endpoint, request, updater, now);
        }
        else
        {
            Respond(endpoint, CoapCode.NotFound);
        }
    }

    /// <summary>
    /// Sends one notification for a variable whose value has changed since its observer last heard of it. A round looks at each observation once, so that a
    /// value which changes with each reading does not keep the device from everything else.
    /// </summary>
    /// <returns>Whether the output has something to write; call again after that. False ends the round.</returns>
    public bool Notify(CoapEndpoint endpoint)
    {
        while (_looked < MaxObservations)
        {
            Observation observation = _observations[_looked++];
            if (observation.Variable == null)
            {
                continue;
            }

            string? value = TryRead(observation.Variable);
            if (value != observation.LastValue)
            {
                observation.LastValue = value;
                observation.Sequence = (observation.Sequence + 1) & MaxSequence;
                WriteValue(endpoint.BeginNotification(value == null ? CoapCode.InternalServerError : CoapCode.Content, observation.Token, observation.TokenLength), value, observation.Sequence);
                if (value == null || endpoint.Complete() != CoapWriteStatus.Ok)
                {
                    // An error ends an observation (RFC 7641 section 4.2).
                    observation.Variable = null;
                    endpoint.Complete();
                }

                return endpoint.OutputCount != 0;
            }
        }

        _looked = 0;
        return false;
    }

    /// <summary>Ends every observation: the connection is gone.</summary>
    public void ForgetObservers()
    {
        _looked = 0;
        for (int i = 0; i < MaxObservations; i++)
        {
            _observations[i].Variable = null;
        }
    }

    /// <summary>Collects what matters; an option that must be understood and is not refuses the request (RFC 7252 section 5.4.1).</summary>
    private byte ReadOptions(CoapReader request, byte[] buffer)
    {
        _segments = 0;
        _block = 0;
        _wantsMoreBlocks = false;
        _observe = -1;
        _accept = -1;
        while (request.NextOption())
        {
            switch (request.OptionNumber)
            {
                case CoapOptionNumber.UriPath:
                    if (_segments < MaxSegments)
                    {
                        _segmentOffset[_segments] = request.OptionOffset;
                        _segmentLength[_segments] = request.OptionLength;
                    }

                    _segments++;
                    break;
                case CoapOptionNumber.Observe:
                    _observe = request.OptionLength <= 3 && request.TryGetOptionUInt(out uint observe) && observe <= 1 ? (int)observe : -1;
                    break;
                case CoapOptionNumber.Block2:
                    if (request.OptionLength > 3 || !request.TryGetOptionUInt(out uint block) || (block & 7) == 7)
                    {
                        return CoapCode.BadOption;
                    }

                    _block = (int)block;
                    _wantsMoreBlocks = true;
                    break;
                case CoapOptionNumber.Block1:
                    // The one block of a small body is fine; more do not fit this device.
                    if (!request.TryGetOptionUInt(out uint part) || (part & ~7u) != 0)
                    {
                        return CoapCode.RequestEntityTooLarge;
                    }

                    break;
                case CoapOptionNumber.UriHost:
                case CoapOptionNumber.UriPort:
                case CoapOptionNumber.UriQuery:
                    break;
                case CoapOptionNumber.Accept:
                    if (request.OptionLength > 2 || !request.TryGetOptionUInt(out uint accept))
                    {
                        return CoapCode.BadOption;
                    }

                    _accept = (int)accept;
                    break;
                default:
                    if (CoapOptionNumber.IsCritical(request.OptionNumber))
                    {
                        return CoapCode.BadOption;
                    }

                    break;
            }
        }

        return 0;
    }

    private void Call(CoapEndpoint endpoint, CoapReader request, byte[] buffer, Resource? function)
    {
        if (IsRefused(endpoint, function != null, request.Code == CoapCode.Post, TextPlain))
        {
            return;
        }

        string? argument = Utf8Text.Read(buffer, request.PayloadOffset, request.PayloadLength);
        if (argument == null)
        {
            Respond(endpoint, CoapCode.BadRequest);
            return;
        }

        int result;
#pragma warning disable CA1031 // whatever the user's function throws, the device answers and goes on
        try
        {
            result = function!.Function!(argument);
        }
        catch (Exception)
        {
            Respond(endpoint, CoapCode.InternalServerError);
            return;
        }
#pragma warning restore CA1031

        RespondNumber(endpoint, CoapCode.Changed, result);
    }

    /// <summary>An update that the server pushes (section 4): the manifest; the engine's answer as a number.</summary>
    private void TakeOffer(CoapEndpoint endpoint, CoapReader request, DeviceUpdater updater, long now)
    {
        if (IsRefused(endpoint, true, request.Code == CoapCode.Post, TextPlain))
        {
            return;
        }

        OtaStatus status = updater.TakeOffer(endpoint, request, now);
        RespondNumber(endpoint, status == OtaStatus.Ok ? CoapCode.Changed : CoapCode.Forbidden, (int)status);
    }

    /// <summary>Refuses what does not exist, is not asked with the resource's method, or is wanted in a format that it does not have [D-02].</summary>
    private bool IsRefused(CoapEndpoint endpoint, bool exists, bool isMethod, int format)
    {
        bool isAcceptable = _accept < 0 || _accept == format;
        if (exists && isMethod && isAcceptable)
        {
            return false;
        }

        Respond(endpoint, !exists ? CoapCode.NotFound : isMethod ? CoapCode.NotAcceptable : CoapCode.MethodNotAllowed);
        return true;
    }

    private void RespondNumber(CoapEndpoint endpoint, byte code, int number)
    {
        int count = DecimalText.Write(number, _digits);
        CoapWriter writer = endpoint.BeginResponse(code);
        writer.WriteOption(CoapOptionNumber.ContentFormat, (uint)TextPlain);
        writer.WritePayload(_digits, 0, count);
        endpoint.Complete();
    }

    private void Read(CoapEndpoint endpoint, CoapReader request, byte[] buffer, Resource? variable)
    {
        if (IsRefused(endpoint, variable != null, request.Code == CoapCode.Get, TextPlain))
        {
            return;
        }

        string? value = TryRead(variable!);
        int sequence = -1;
        if (_observe >= 0)
        {
            sequence = Observe(request, buffer, variable!, value);
        }

        WriteValue(endpoint.BeginResponse(value == null ? CoapCode.InternalServerError : CoapCode.Content), value, sequence);
        if (endpoint.Complete() != CoapWriteStatus.Ok)
        {
            Respond(endpoint, CoapCode.InternalServerError);
        }
    }

    /// <summary>Registers or ends an observation (RFC 7641 section 4.1).</summary>
    /// <returns>The sequence number for the response, or -1 where there is no observation.</returns>
    private int Observe(CoapReader request, byte[] buffer, Resource variable, string? value)
    {
        Observation? free = null;
        for (int i = 0; i < MaxObservations; i++)
        {
            Observation one = _observations[i];
            if (one.Variable != null && one.HasToken(buffer, request.TokenOffset, request.TokenLength))
            {
                one.Variable = null;
            }

            free = one.Variable == null ? one : free;
        }

        // A full table answers without Observe: the client reads once (RFC 7641 section 4.1).
        if (_observe != 0 || free == null || value == null || request.TokenLength > free.Token.Length)
        {
            return -1;
        }

        Array.Copy(buffer, request.TokenOffset, free.Token, 0, request.TokenLength);
        free.TokenLength = request.TokenLength;
        free.Variable = variable;
        free.LastValue = value;
        free.Sequence = 0;
        return 0;
    }

    /// <summary>The links of RFC 6690, in blocks where they are long (RFC 7959).</summary>
    private void Describe(CoapEndpoint endpoint, CoapReader request)
    {
        if (IsRefused(endpoint, true, request.Code == CoapCode.Get, LinkFormat))
        {
            return;
        }

        byte[] body = Links();
        int exponent = _wantsMoreBlocks ? _block & 7 : DefaultBlock;
        exponent = exponent > DefaultBlock ? DefaultBlock : exponent;
        int size = 16 << exponent;
        int number = _block >> 4;
        int start = number * size;
        if (start > 0 && start >= body.Length)
        {
            Respond(endpoint, CoapCode.BadRequest);
            return;
        }

        int count = body.Length - start < size ? body.Length - start : size;
        bool more = start + count < body.Length;
        CoapWriter writer = endpoint.BeginResponse(CoapCode.Content);
        writer.WriteOption(CoapOptionNumber.ContentFormat, (uint)LinkFormat);
        if (more || number > 0 || _wantsMoreBlocks)
        {
            writer.WriteOption(CoapOptionNumber.Block2, (uint)((number << 4) | (more ? 8 : 0) | exponent));
        }

        writer.WritePayload(body, start, count);
        endpoint.Complete();
    }

    private byte[] Links()
    {
        string text = "";
        for (int i = 0; i < _functions.Count; i++)
        {
            text += (text.Length == 0 ? "</f/" : ",</f/") + ((Resource)_functions[i]!).Text + ">";
        }

        for (int i = 0; i < _variables.Count; i++)
        {
            text += (text.Length == 0 ? "</v/" : ",</v/") + ((Resource)_variables[i]!).Text + ">;obs";
        }

        byte[] body = new byte[Utf8Text.Count(text)];
        Utf8Text.Write(text, body, 0);
        return body;
    }

    private static string? TryRead(Resource variable)
    {
#pragma warning disable CA1031 // whatever the user's variable throws, the device answers and goes on
        try
        {
            return variable.Variable!();
        }
        catch (Exception)
        {
            return null;
        }
#pragma warning restore CA1031
    }

    private static void WriteValue(CoapWriter writer, string? value, int sequence)
    {
        if (value == null)
        {
            return;
        }

        if (sequence >= 0)
        {
            writer.WriteOption(CoapOptionNumber.Observe, (uint)sequence);
        }

        writer.WriteOption(CoapOptionNumber.ContentFormat, (uint)TextPlain);
        writer.WritePayload(value);
    }

    private static void Respond(CoapEndpoint endpoint, byte code)
    {
        endpoint.BeginResponse(code);
        endpoint.Complete();
    }

    private Resource? Find(ArrayList resources, byte[] buffer)
    {
        for (int i = 0; i < resources.Count; i++)
        {
            Resource resource = (Resource)resources[i]!;
            if (resource.Name.Length == _segmentLength[1] && ByteRange.FixedTimeEquals(resource.Name, 0, buffer, _segmentOffset[1], resource.Name.Length))
            {
                return resource;
            }
        }

        return null;
    }

    private bool IsSegment(byte[] buffer, int index, string text)
    {
        if (_segmentLength[index] != text.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (buffer[_segmentOffset[index] + i] != text[i])
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Resource
    {
        public Resource(string text, DeviceFunction? function, DeviceVariable? variable)
        {
            Text = text;
            Name = new byte[Utf8Text.Count(text)];
            Utf8Text.Write(text, Name, 0);
            Function = function;
            Variable = variable;
        }

        public readonly string Text;

        public readonly byte[] Name;

        public readonly DeviceFunction? Function;

        public readonly DeviceVariable? Variable;
    }

    private sealed class Observation
    {
        public readonly byte[] Token = new byte[8];

        public int TokenLength;

        public Resource? Variable;

        public string? LastValue;

        public int Sequence;

        public bool HasToken(byte[] buffer, int offset, int count) => count == TokenLength && ByteRange.FixedTimeEquals(Token, 0, buffer, offset, count);
    }

    // Specification
    private const int TextPlain = 0;
    private const int LinkFormat = 40;
    private const int MaxSequence = 0xFFFFFF;

    // Implementation
    private const int MaxObservations = 8;
    private const int MaxSegments = 2;
    private const int DefaultBlock = 4;
}
