using System.Globalization;
using System.Security.Cryptography;
using Flint.Coap;
using Flint.Ota;

namespace Flint.Quickstart;

/// <summary>What a firmware does around the engine: tells it what arrives, fetches what it asks for, tests itself, and keeps it on one thread at a time.</summary>
internal sealed class DeviceUpdater
{
    private readonly Lock _lock = new();
    private readonly OtaEngine _engine;
    private readonly Role _role;
    private readonly SemaphoreSlim _offered = new(0);
    private readonly OtaRequest _request = new();
    private long _lastReport;
    private int _lastBadOffset;
    private int _badBlocks;

    public DeviceUpdater(DeviceFlash device, byte[] product, Role role)
    {
        _role = role;
        _engine = new OtaEngine(device.Flash, device.Layout, device.Trust, new OtaBootStage(), new OtaOptions(product) { ChunkLength = 1024 });
    }

    public bool IsOnTrial => _engine.State == OtaState.Trial;

    public string RunningVersion => Version(_engine.Boot.Sequence);

    /// <summary>Why the last update did not stay, where it did not.</summary>
    public OtaReason? RolledBackBecause =>
        _engine.LastReason is OtaReason.SelfTestFailed or OtaReason.AttemptsExhausted or OtaReason.TrialCorrupt ? _engine.LastReason : null;

    /// <summary>The boot decision, as a boot loader makes it before anything else runs.</summary>
    public void Boot()
    {
        OtaBootDecision boot = _engine.Start();
        _role.Report(
            "boot",
            ("source", boot.Source.ToString()),
            ("bank", boot.Bank == 0 ? "A" : "B"),
            ("version", RunningVersion),
            ("attemptsLeft", boot.AttemptsLeft),
            ("lastReason", _engine.LastReason.ToString()));
    }

    /// <summary>The self-test of a firmware on trial: it runs, it reached the gateway, and its drivers answer.</summary>
    public bool SelfTest()
    {
        lock (_lock)
        {
            byte[] end = new byte[Provisioning.BrokenDriver.Length];
            bool isBroken = _engine.TryReadImage(0, _engine.ImageLength(0) - end.Length, end, 0, end.Length) && end.AsSpan().SequenceEqual(Provisioning.BrokenDriver);
            string why = isBroken ? "the sensor driver does not answer" : "drivers answer, gateway reached";
            OtaStatus status = isBroken ? _engine.Reject(OtaReason.SelfTestFailed, detail: 1) : _engine.Confirm();
            if (status != OtaStatus.Ok)
            {
                throw new InvalidOperationException($"The engine answered the self-test with {status}.");
            }

            _role.Report("selftest", ("ok", !isBroken), ("why", why));
            if (!isBroken)
            {
                _role.Report("confirmed", ("version", RunningVersion));
            }

            return !isBroken;
        }
    }

    public OtaStatus Offer(byte[] manifest)
    {
        lock (_lock)
        {
            OtaStatus status = _engine.Offer(manifest, 0, manifest.Length);
            if (status == OtaStatus.Ok)
            {
                _offered.Release();
            }

            return status;
        }
    }

    /// <summary>Waits for a download, or goes on with one that a power cut interrupted, and arms it.</summary>
    /// <returns>Null when the next start tries the new firmware, otherwise why the download was given up.</returns>
    public async Task<OtaReason?> DownloadAsync(CoapConnection gateway, CancellationToken cancellationToken)
    {
        if (_engine.State != OtaState.Downloading)
        {
            await _offered.WaitAsync(cancellationToken);
        }
        else
        {
            _role.Report("resumed", ("kept", _engine.Progress.ResumedBytes));
        }

        _badBlocks = 0;
        _lastReport = 0;
        var inFlight = new List<Task<byte[]>>();
        while (_engine.State == OtaState.Downloading)
        {
            Ask(gateway, inFlight, cancellationToken);
            Task<byte[]> answered = await Task.WhenAny(inFlight);
            inFlight.Remove(answered);
            Take(await answered);
        }

        await Task.WhenAll(inFlight);
        lock (_lock)
        {
            if (_engine.State == OtaState.Verified && _engine.Arm() == OtaStatus.Ok)
            {
                _role.Report("armed");
                return null;
            }

            _role.Report("failed", ("reason", _engine.LastReason.ToString()), ("block", _lastBadOffset / OtaManifest.DefaultBlockSize), ("badBlocks", _badBlocks));
            return _engine.LastReason;
        }
    }

    /// <summary>The SHA-256 of the running image, read from flash.</summary>
    public string RunningDigest()
    {
        lock (_lock)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[4096];
            int length = _engine.ImageLength(0);
            for (int offset = 0; offset < length; offset += buffer.Length)
            {
                int count = Math.Min(buffer.Length, length - offset);
                if (!_engine.TryReadImage(0, offset, buffer, 0, count))
                {
                    throw new IOException($"The flash does not give the running image at byte {offset}.");
                }

                hash.AppendData(buffer, 0, count);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    public void ReportProgress(string name)
    {
        lock (_lock)
        {
            _role.Report(name, ("verified", _engine.Progress.VerifiedBytes), ("total", _engine.Progress.TotalBytes));
        }
    }

    private void Ask(CoapConnection gateway, List<Task<byte[]>> inFlight, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (inFlight.Count == 0)
            {
                // Nothing is under way: whatever was asked for before and is still missing is asked for again.
                _engine.ForgetRequests();
            }

            while (_engine.TryGetRequest(_request))
            {
                string artifact = Convert.ToHexStringLower(_request.Artifact);
                inFlight.Add(FetchAsync(gateway, string.Create(CultureInfo.InvariantCulture, $"/o/{artifact}?o={_request.Offset}&n={_request.Length}"), cancellationToken));
            }
        }
    }

    private static async Task<byte[]> FetchAsync(CoapConnection gateway, string path, CancellationToken cancellationToken)
    {
        CoapResponse response = await gateway.GetAsync(path, cancellationToken);
        return response.EnsureSuccess().Payload.ToArray();
    }

    private void Take(byte[] frame)
    {
        lock (_lock)
        {
            OtaStatus status = _engine.OnChunk(frame, 0, frame.Length);
            if (status is OtaStatus.BlockMismatch or OtaStatus.DownloadFailed)
            {
                _badBlocks++;
                _lastBadOffset = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame);
            }
        }

        if (_engine.Progress.VerifiedBytes - _lastReport >= _engine.Progress.TotalBytes / 64)
        {
            _lastReport = _engine.Progress.VerifiedBytes;
            ReportProgress("progress");
        }
    }

    private static string Version(uint sequence) => string.Create(CultureInfo.InvariantCulture, $"{sequence}.0.0");
}
