using System.Text.Json;
using Flint.Ota;
using Spectre.Console;

namespace Flint.Quickstart;

/// <content>The second half: an update through two power cuts, one that rolls back, and what is refused.</content>
internal sealed partial class Flight
{
    /// <summary>What was answered before the link stalled reaches the device's flash within this time.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(250);

    private async Task UpdateAsync()
    {
        FirmwareImage image = _provisioned.Images[1];
        _timeline.Begin($"4 The update to {image.Version}: killed in the middle, killed after the switch");
        long cut = image.Length * _random.Next(35, 66) / 100;
        Gateway.Send("hold", ("bytes", cut));
        await OfferAsync(image, "Accepted");

        JsonElement progress = default;
        await Timeline.BarAsync("download, first part", image.Length, async show =>
        {
            await Gateway.WaitForAsync("holding", _cancellationToken);
            await Task.Delay(Settling, _cancellationToken);
            Device.Send("progress");
            progress = await Device.WaitForAsync("progress-now", _cancellationToken, report => ShowProgress(report, show));
            show(Number(progress, "verified"));
        });
        _timeline.Say("power", $"the link stalls at {Bytes(cut)}; kill -9 of the device's process {Device.Id}, {Bytes(Number(progress, "verified"))} verified");
        await Device.KillAsync();
        JsonElement first = await Gateway.WaitForAsync("disconnected", _cancellationToken);
        Gateway.Send("hold", ("bytes", 0));

        await StartConnectedDeviceAsync();
        JsonElement resumed = await Device.WaitForAsync("resumed", _cancellationToken);
        long kept = Number(resumed, "kept");
        Expect(kept > 0 && kept < image.Length, $"the download resumes where it was (it kept {kept} of {image.Length} bytes)");
        _timeline.Say("device", $"resumes: {Bytes(kept)} of {Bytes(image.Length)} stand in the inactive bank, checked again, not fetched again");
        await DownloadBarAsync("download, second part", image, kept);
        _timeline.Say("device", "whole image verified, next boot switched to the other bank");
        _timeline.Say("power", $"kill -9 of the device's process {Device.Id}, just after the switch");
        await Device.KillAsync();
        JsonElement second = await Gateway.WaitForAsync("disconnected", _cancellationToken);
        long fetched = Number(second, "imageBytes");
        Expect(fetched == image.Length - kept, $"only the rest is fetched after the cut ({fetched} bytes served, {image.Length - kept} missing)");
        _timeline.Say("gateway", $"served {Bytes(Number(first, "imageBytes"))} before the cut and {Bytes(fetched)} after it");

        JsonElement boot = await StartConnectedDeviceAsync();
        Expect(Text(boot, "source") == "Trial" && Text(boot, "version") == image.Version, $"{image.Version} boots on trial (it was {boot})");
        JsonElement test = await Device.WaitForAsync("selftest", _cancellationToken);
        Expect(test.GetProperty("ok").GetBoolean(), $"the self-test passes (it was {test})");
        JsonElement confirmed = await Device.WaitForAsync("confirmed", _cancellationToken);
        await WaitForEventAsync("ota/confirmed", image.Version);
        await ExpectRunningAsync(image);
        _timeline.Say("device", $"self-test: {Text(test, "why")}; {Text(confirmed, "version")} confirmed, and its bank holds it byte for byte");
        _timeline.End($"{_provisioned.Images[0].Version} → {image.Version} through two power cuts; {Bytes(kept)} of {Bytes(image.Length)} not fetched again");
    }

    private async Task RollBackAsync()
    {
        FirmwareImage image = _provisioned.Images[2];
        FirmwareImage before = _provisioned.Images[1];
        _timeline.Begin($"5 The update to {image.Version}, whose self-test fails");
        await OfferAsync(image, "Accepted");
        await DownloadBarAsync("download", image, 0);
        await ResetAsync();
        JsonElement boot = await StartConnectedDeviceAsync();
        Expect(Text(boot, "source") == "Trial" && Text(boot, "version") == image.Version, $"{image.Version} boots on trial (it was {boot})");
        JsonElement test = await Device.WaitForAsync("selftest", _cancellationToken);
        Expect(!test.GetProperty("ok").GetBoolean(), "the self-test fails");
        _timeline.Say("device", $"self-test failed: {Text(test, "why")}");
        Expect(await Device.WaitForExitAsync(_cancellationToken) == ExitCode.Reset, "the device resets itself after a failed self-test");
        await Gateway.WaitForAsync("disconnected", _cancellationToken);

        boot = await StartConnectedDeviceAsync();
        string reason = Text(boot, "lastReason");
        Expect(Text(boot, "source") == "Confirmed" && Text(boot, "version") == before.Version, $"{before.Version} is back (it was {boot})");
        Expect(reason == "SelfTestFailed", $"the device knows why (it said {reason})");
        await WaitForEventAsync("ota/rolled-back", reason);
        await ExpectRunningAsync(before);
        string again = await OfferAsync(image, "RejectedBefore");
        _timeline.End($"rolled back to {before.Version} by itself: {reason}, {Text(test, "why")}; offered again: {again}");
    }

    private async Task RefuseAsync()
    {
        FirmwareImage current = _provisioned.Images[1];
        FirmwareImage image = _provisioned.Images[3];
        _timeline.Begin("6 A tampered image, a tampered manifest and a downgrade");

        long offset = _random.NextInt64(image.Length);
        _timeline.Say("attacker", $"flips one bit of the stored image at byte {offset}; the gateway sends it with fitting checksums");
        Gateway.Send("tamper", ("offset", offset));
        await OfferAsync(image, "Accepted");
        JsonElement failed = default;
        await Timeline.BarAsync("download", image.Length, async show => failed = await Device.WaitForAsync("failed", _cancellationToken, report => ShowProgress(report, show)));
        string imageReason = Text(failed, "reason");
        Expect(Number(failed, "block") == offset / OtaManifest.DefaultBlockSize, "the device names the block that was tampered with");
        Expect(imageReason == "ImageMismatch", $"a tampered image is refused as such (it was {imageReason})");
        _timeline.Say("device", $"refused: {imageReason}, block {Number(failed, "block")} is not the signed one, {Number(failed, "badBlocks")} times in a row; nothing was armed");
        await WaitForEventAsync("ota/failed", imageReason);
        Gateway.Send("tamper", ("offset", -1));

        Gateway.Send("forge", ("release", image.Version));
        await Gateway.WaitForAsync("forged", _cancellationToken);
        _timeline.Say("attacker", "changes one byte of the signed manifest");
        string forged = await OfferAsync(image, "SignatureInvalid");

        string downgrade = await OfferAsync(_provisioned.Images[0], "Downgrade");
        await ExpectRunningAsync(current);
        Device.Send("stop");
        Expect(await Device.WaitForExitAsync(_cancellationToken) == ExitCode.Done, "the device stops when asked");
        JsonElement boot = await StartDeviceAsync();
        Expect(Text(boot, "source") == "Confirmed" && Text(boot, "version") == current.Version, $"{current.Version} still boots (it was {boot})");
        _timeline.End($"tampered image: {imageReason}; tampered manifest: {forged}; downgrade: {downgrade}; {current.Version} still runs");
    }

    /// <summary>The gateway offers a release to the device, whose answer must be <paramref name="expected"/>.</summary>
    private async Task<string> OfferAsync(FirmwareImage image, string expected)
    {
        Gateway.Send("offer", ("release", image.Version));
        JsonElement offered = await Gateway.WaitForAsync("offered", _cancellationToken);
        string status = Text(offered, "status");
        Expect(status == expected, $"the device answers the offer of {image.Version} with {expected} (it was {offered})");
        _timeline.Say("gateway", $"offers {image.Version}: manifest of {Number(offered, "manifestBytes")} B, image of {Bytes(image.Length)}");
        _timeline.Say("device", $"{Text(offered, "code")} {status}");
        return status;
    }

    private Task DownloadBarAsync(string label, FirmwareImage image, long start) => Timeline.BarAsync(label, image.Length, async show =>
    {
        show(start);
        await Device.WaitForAsync("armed", _cancellationToken, report => ShowProgress(report, show));
        show(image.Length);
    });

    private static void ShowProgress(JsonElement report, Action<long> show)
    {
        if (Text(report, "event") == "progress")
        {
            show(Number(report, "verified"));
        }
    }

    private async Task ResetAsync()
    {
        _timeline.Say("device", "whole image verified, next boot switched to the other bank; resets");
        Device.Send("reset");
        Expect(await Device.WaitForExitAsync(_cancellationToken) == ExitCode.Reset, "the device resets itself");
        await Gateway.WaitForAsync("disconnected", _cancellationToken);
    }

    private async Task WaitForEventAsync(string name, string payload)
    {
        JsonElement report = await Gateway.WaitForAsync("event", _cancellationToken);
        Expect(Text(report, "name") == name && Text(report, "payload") == payload, $"the device reports {name} {payload} (it was {report})");
        _timeline.Say("gateway", $"event {name}: {payload}");
    }
}
