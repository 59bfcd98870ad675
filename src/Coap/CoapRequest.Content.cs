using System;

namespace Flint.Coap;

// The conditional and content options of a request (RFC 7252 section 5.10).
public sealed partial class CoapRequest
{
    /// <summary>The only format that the client accepts; null where it does not say (RFC 7252 section 5.10.4).</summary>
    public CoapContentFormat? Accept
    {
        get => (CoapContentFormat?)GetUInt32(CoapOptionNumber.Accept);
        set => Options.Set(CoapOptionNumber.Accept, (uint?)value);
    }

    /// <summary>Which responses the client does not want; null where it does not say (RFC 7967). Who wants none sends it with <see cref="CoapClient.PublishAsync"/>: nobody waits there.</summary>
    public CoapResponseClasses? NoResponse
    {
        get => (CoapResponseClasses?)GetUInt32(CoapOptionNumber.NoResponse);
        set => Options.Set(CoapOptionNumber.NoResponse, (uint?)value);
    }

    /// <summary>How many proxies the request may pass, 1 to 255; null where it does not say (RFC 8768 section 3).</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to 0.</exception>
    public byte? HopLimit
    {
        get => (byte?)GetUInt32(CoapOptionNumber.HopLimit);
        set
        {
            ArgumentOutOfRangeException.ThrowIfEqual(value, (byte)0);
            Options.Set(CoapOptionNumber.HopLimit, value);
        }
    }

    /// <summary>Whether the request is only for a resource that does not exist yet (RFC 7252 section 5.10.8.2).</summary>
    public bool IfNoneMatch
    {
        get => Options.Contains(CoapOptionNumber.IfNoneMatch);
        set
        {
            Options.Remove(CoapOptionNumber.IfNoneMatch);
            if (value)
            {
                Options.Add(CoapOptionNumber.IfNoneMatch);
            }
        }
    }

    /// <summary>Makes the request one for a representation with this entity-tag, or with another one that is added too (RFC 7252 section 5.10.8.1).</summary>
    /// <param name="tag">The entity-tag; null for any representation, as long as there is one.</param>
    public void AddIfMatch(CoapETag? tag) => Options.Add(CoapOptionNumber.IfMatch, tag is CoapETag some ? some.ToArray() : default);

    /// <summary>Tells the server of a stored response, which it may say to be still valid: 2.03 (RFC 7252 section 5.10.6.2).</summary>
    public void AddETag(CoapETag tag) => Options.Add(CoapOptionNumber.ETag, tag.ToArray());

    /// <summary>Whether the client has a stored response with this entity-tag, so that <see cref="CoapResponse.Valid"/> answers it.</summary>
    public bool HasETag(CoapETag tag) => HasTag(CoapOptionNumber.ETag, tag);

    /// <summary>Whether a representation of this format may answer the request.</summary>
    public bool Accepts(CoapContentFormat format) => Accept is not CoapContentFormat wanted || wanted == format;

    /// <summary>
    /// Evaluates If-Match and If-None-Match (RFC 7252 section 5.10.8). Where requests may come at the same time, the caller holds whatever keeps the resource unchanged until it has acted.
    /// Both options are critical and are refused before a handler runs, unless the endpoint's CriticalOptions name them.
    /// </summary>
    /// <param name="current">The resource's entity-tag; null where it does not exist.</param>
    /// <returns>4.12 where the request must not be performed; null where it may.</returns>
    public CoapResponse? CheckPreconditions(CoapETag? current)
    {
        bool matches = !Options.Contains(CoapOptionNumber.IfMatch) || (current is CoapETag tag && HasTag(CoapOptionNumber.IfMatch, tag));
        return matches && (!IfNoneMatch || current is null) ? null : CoapResponse.Error(CoapCode.PreconditionFailed);
    }

    /// <summary>The If-Match and If-None-Match options of a message, copied; null where it has none.</summary>
    internal static CoapOptionList? PreconditionsIn(CoapOptions options)
    {
        CoapOptionList? preconditions = null;
        foreach (CoapOption option in options)
        {
            if (TransferKeys.IsPrecondition(option.Number))
            {
                preconditions ??= new CoapOptionList();
                preconditions.Add(option.Number, option.Value);
            }
        }

        return preconditions;
    }

    /// <summary>Makes a body's preconditions those of its last block, which need not repeat them.</summary>
    internal void TakePreconditions(CoapOptionList? preconditions)
    {
        if (preconditions is not null)
        {
            RemovePreconditions();
            foreach (CoapOption option in preconditions)
            {
                Options.Add(option.Number, option.Value);
            }
        }
    }

    internal void RemovePreconditions()
    {
        Options.Remove(CoapOptionNumber.IfMatch);
        Options.Remove(CoapOptionNumber.IfNoneMatch);
    }

    /// <summary>An empty If-Match stands for any representation (RFC 7252 section 5.10.8.1).</summary>
    private bool HasTag(CoapOptionNumber number, CoapETag tag)
    {
        foreach (CoapOption option in Options)
        {
            if (option.Number == number && (tag.Is(option.Value) || (number == CoapOptionNumber.IfMatch && option.Value.IsEmpty)))
            {
                return true;
            }
        }

        return false;
    }
}
