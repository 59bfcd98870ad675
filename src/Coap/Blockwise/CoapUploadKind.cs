namespace Flint.Coap;

/// <summary>What a request means to <see cref="CoapUploads"/>.</summary>
public enum CoapUploadKind : byte
{
    /// <summary>It has no Block1 option: its payload is the whole body, and nothing is kept.</summary>
    Whole = 0,

    /// <summary>Its payload belongs to the body: store it at <see cref="CoapUploadStep.Offset"/>. Answer 2.31 with Block1, or finally where it is the last.</summary>
    Store,

    /// <summary>Its payload is stored already: answer 2.31 with Block1.</summary>
    Duplicate,

    /// <summary>It cannot be taken: answer <see cref="CoapUploadStep.Code"/>.</summary>
    Refused,
}
