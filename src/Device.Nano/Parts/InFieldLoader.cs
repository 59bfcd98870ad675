using System;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// What <see cref="DeviceLoader"/> is to images of assemblies, for images that MCUboot swaps in: behind the same engine, which downloads into its banks,
/// decides, and counts trials. Where the engine's choice is not what runs, its image is copied into the second slot and the board reset; a rollback
/// is the same copy the other way, where MCUboot has not gone back by itself already.
/// </summary>
/// <remarks>
/// The value <c>in-field</c> of the board's storage: four bytes, the sequence that was last handed over, and one, whether the slots keep it. It is written
/// behind what it says: a power cut between the two costs a second copy and nothing else.
/// </remarks>
public sealed class InFieldLoader
{
    private readonly OtaEngine _engine;
    private readonly IInFieldUpdate _update;
    private readonly IDevicePlatform _platform;
    private readonly DeviceSelfTest? _selfTest;

    /// <param name="engine">The engine, started.</param>
    /// <param name="update">The slots.</param>
    /// <param name="platform">The board's storage.</param>
    /// <param name="selfTest">The program's own test, or null; see <see cref="SelfTest"/>.</param>
    /// <exception cref="ArgumentNullException">One of the first three is missing.</exception>
    public InFieldLoader(OtaEngine engine, IInFieldUpdate update, IDevicePlatform platform, DeviceSelfTest? selfTest)
    {
        if (engine == null || update == null || platform == null)
        {
            throw new ArgumentNullException(nameof(engine));
        }

        _engine = engine;
        _update = update;
        _platform = platform;
        _selfTest = selfTest;
    }

    /// <summary>Makes the engine's choice the image that runs.</summary>
    /// <returns>True where it is, or cannot be made so now; false where the board is being reset.</returns>
    public bool Run()
    {
        if (_engine.Boot.Bank < 0)
        {
            return true;
        }

        if (IsHandedOver())
        {
            if (_update.IsPending && _engine.State != OtaState.Trial)
            {
                // Confirmed by the engine, and the power went before the slots heard of it.
                Keep();
            }

            return true;
        }

        if (!Copy())
        {
            _update.AbandonSession();
            if (_engine.State != OtaState.Trial)
            {
                return true;
            }

            // What runs is not what is on trial, and must not pass its test in its place.
            _engine.Reject(OtaReason.SelfTestFailed, DetailNotCopied);
            _update.Reboot();
            return false;
        }

        Save(HandedOver);
        _update.Reboot();
        return false;
    }

    /// <summary>The self-test to give to <see cref="DeviceAgent.UseUpdates"/>: where the program's own is passed, the slots keep the image as well.</summary>
    /// <returns>0, the program's number, or <see cref="DetailNotConfirmed"/>.</returns>
    public uint SelfTest()
    {
        uint fault = _selfTest == null ? 0 : _selfTest();
        return fault != 0 || !_update.IsPending || Keep() ? fault : DetailNotConfirmed;
    }

    private bool IsHandedOver()
    {
        byte[]? last = _platform.Load(Name);
        if (last == null || last.Length != 5 || BigEndian.ReadUInt32(last, 0) != _engine.Boot.Sequence)
        {
            return false;
        }

        // Neither pending nor kept: the slots have taken it back. It is handed over once more, as often as the engine counts attempts.
        return _update.IsPending || last[4] == Kept;
    }

    private bool Keep()
    {
        bool kept = _update.Confirm();
        if (kept)
        {
            Save(Kept);
        }

        return kept;
    }

    private void Save(byte stage)
    {
        byte[] last = new byte[5];
        BigEndian.WriteUInt32(last, 0, _engine.Boot.Sequence);
        last[4] = stage;
        _platform.Save(Name, last);
    }

    private bool Copy()
    {
        int length = _engine.ImageLength(0);
        int at = _update.ResumeSession(length);
        byte[] buffer = new byte[ChunkLength];
        while (at >= 0 && at < length)
        {
            int count = length - at < ChunkLength ? length - at : ChunkLength;
            if (!_engine.TryReadImage(0, at, buffer, 0, count) || !_update.StoreChunk(buffer, 0, count))
            {
                return false;
            }

            at += count;
            _platform.FeedWatchdog();
        }

        return at == length && _update.CompleteSession();
    }

    /// <summary>The detail of a rejection: the slots would not keep the image.</summary>
    public const uint DetailNotConfirmed = 2;

    /// <summary>The detail of a rejection: the slots would not take the image.</summary>
    public const uint DetailNotCopied = 3;

    // Implementation
    private const string Name = "in-field";
    private const int ChunkLength = 512;
    private const byte HandedOver = 0;
    private const byte Kept = 1;
}
