namespace Flint.Coap;

/// <summary>What is to be done with the response that a <see cref="CoapDownload"/> took.</summary>
public enum CoapDownloadResult : byte
{
    /// <summary>Its payload belongs to the body, at <see cref="CoapDownload.Offset"/>; there is more to ask for.</summary>
    Block = 0,

    /// <summary>Its payload belongs to the body, at <see cref="CoapDownload.Offset"/>, and is the end of it.</summary>
    Last,

    /// <summary>The representation has changed: what was received is to be thrown away, and the body is asked for from its start (RFC 7959 section 2.4).</summary>
    Restart,

    /// <summary>It is an error that ends the transfer; its payload is a diagnostic.</summary>
    Error,

    /// <summary>The transfer has failed on this side: <see cref="CoapDownload.Failure"/>.</summary>
    Failed,
}
