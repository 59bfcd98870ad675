namespace Flint.Coap;

/// <summary>What <see cref="CoapBodies"/> says of a request.</summary>
/// <param name="Kind">What is to be done with it.</param>
/// <param name="Block1">The Block1 option of its response; null for none.</param>
/// <param name="Code">The code of the answer, where it is answered at once.</param>
/// <param name="Served">The body of which it asks for a later block; held.</param>
/// <param name="Upload">The upload that a handler reads, to which it belongs.</param>
/// <param name="IsLast">Whether the upload is complete with it.</param>
internal readonly record struct CoapArrival(
    CoapArrivalKind Kind, CoapBlock? Block1 = null, CoapCode Code = default, CoapServedBody? Served = null, CoapStreamedUpload? Upload = null, bool IsLast = false)
{
    /// <summary>The response to a block that is answered at once.</summary>
    public CoapResponse ToResponse()
    {
        var response = new CoapResponse(Code);
        if (Block1 is CoapBlock block)
        {
            response.Options.Add(CoapOptionNumber.Block1, block.Value);
        }

        return response;
    }
}

/// <summary>What is to be done with a request.</summary>
internal enum CoapArrivalKind : byte
{
    /// <summary>Its body is whole: it goes to the handler.</summary>
    Handle = 0,

    /// <summary>It is a block that is stored, or refused: it is answered with a code, and no handler sees it.</summary>
    Answer,

    /// <summary>It asks for a later block of a body: of the one that is at hand; where none is, it goes to the handler.</summary>
    Serve,

    /// <summary>It is a block that a handler reads as it comes.</summary>
    Stream,
}
