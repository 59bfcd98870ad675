namespace Flint.Device.Nano;

/// <summary>The type of a message in a datagram (RFC 7252 section 3).</summary>
public enum CoapType : byte
{
    /// <summary>Must be acknowledged; repeated until it is.</summary>
    Confirmable = 0,

    /// <summary>Is not acknowledged.</summary>
    NonConfirmable = 1,

    /// <summary>Acknowledges a confirmable message; may carry the response.</summary>
    Acknowledgement = 2,

    /// <summary>The message with this id was received and could not be processed.</summary>
    Reset = 3,
}
