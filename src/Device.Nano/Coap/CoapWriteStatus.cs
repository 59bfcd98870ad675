namespace Flint.Device.Nano;

/// <summary>Why a message could not be written. The first reason stays; what is written after it is ignored.</summary>
public enum CoapWriteStatus : byte
{
    /// <summary>Written.</summary>
    Ok = 0,

    /// <summary>The message does not fit into the buffer.</summary>
    BufferTooSmall,

    /// <summary>Type and code do not go together, or the code's class is reserved (RFC 7252 sections 4.2, 4.3 and 12.1).</summary>
    InvalidHeader,

    /// <summary>A token longer than RFC 8974 allows.</summary>
    TokenTooLong,

    /// <summary>An empty message with a token, options or a payload (RFC 7252 section 4.1).</summary>
    EmptyWithContent,

    /// <summary>An option with a number below the one before it (RFC 7252 section 3.1).</summary>
    OptionOutOfOrder,

    /// <summary>An option number above 65535 or below 0.</summary>
    OptionNumberOutOfRange,

    /// <summary>An option value longer than 65804 bytes (RFC 7252 section 3.1).</summary>
    OptionTooLong,

    /// <summary>Text that is not well-formed UTF-16 and so has no UTF-8.</summary>
    InvalidText,

    /// <summary>An option or a payload behind the payload.</summary>
    ContentAfterPayload,
}
