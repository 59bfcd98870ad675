namespace Flint.Device.Nano;

/// <summary>
/// One kind of image of nanoFramework's coming In-Field Update over MCUboot, in the shape that its <c>UpdateManager</c> has so far: two slots, a session
/// that takes the new image from its first byte to its last, a swap at the next reset, and a revert unless the new image is confirmed. A firmware
/// implements it in a few lines over that class; nothing here throws.
/// </summary>
public interface IInFieldUpdate
{
    /// <summary>Whether the image that runs was swapped in and is not confirmed: the next reset takes it back.</summary>
    bool IsPending { get; }

    /// <summary>Goes on with the session for an image of this length, or begins one, which erases the second slot.</summary>
    /// <returns>How many bytes the slot holds already; -1: no session can be had.</returns>
    int ResumeSession(int length);

    /// <summary>Appends to the slot.</summary>
    bool StoreChunk(byte[] buffer, int offset, int count);

    /// <summary>Ends the session: the image's own digest is checked, and the next reset swaps it in.</summary>
    bool CompleteSession();

    /// <summary>Throws the session away, so that the next begins with nothing.</summary>
    void AbandonSession();

    /// <summary>Keeps the image that runs.</summary>
    bool Confirm();

    /// <summary>Resets the board.</summary>
    void Reboot();
}
