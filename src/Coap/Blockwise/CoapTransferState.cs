namespace Flint.Coap;

/// <summary>Where a client's block-wise transfer stands (docs/spec/coap-profile.md section 12.2).</summary>
public enum CoapTransferState : byte
{
    /// <summary>The next request is to be sent.</summary>
    Ready = 0,

    /// <summary>Its response is awaited.</summary>
    Waiting,

    /// <summary>The final response has come.</summary>
    Completed,

    /// <summary>The transfer cannot go on.</summary>
    Failed,
}
