using System;

namespace Flint.Coap;

/// <summary>Classes of responses, as No-Response names those that a client does not want (RFC 7967 section 2.1).</summary>
[Flags]
public enum CoapResponseClasses : byte
{
    /// <summary>None: every response is wanted.</summary>
    None = 0,

    /// <summary>2.xx.</summary>
    Success = 2,

    /// <summary>4.xx.</summary>
    ClientError = 8,

    /// <summary>5.xx.</summary>
    ServerError = 16,

    /// <summary>All of them.</summary>
    All = Success | ClientError | ServerError,
}
