namespace Flint.Coap;

/// <summary>What to do with a request, as <see cref="CoapUploads.OnRequest"/> says.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Transfer">The transfer, where more blocks are to come; to be given a state at its first block.</param>
/// <param name="State">The caller's own object, as it was given at the first block.</param>
/// <param name="Offset">Where the payload belongs in the body.</param>
/// <param name="IsLast">Whether the body is complete with it. The transfer is over; the final response carries <see cref="Block"/>.</param>
/// <param name="Block">Block1 of the response; null where it has none.</param>
/// <param name="Code">The code of the response: 2.31, or the refusal. Of no meaning where the body is complete.</param>
public readonly record struct CoapUploadStep(
    CoapUploadKind Kind, CoapTransferHandle Transfer, object? State, long Offset, bool IsLast, CoapBlock? Block, CoapCode Code);
