using System.CommandLine;
using Flint.Quickstart;

// One program, three processes: what the user starts flies the demonstration; it starts itself again as gateway and as device.
var oldFile = new Option<FileInfo?>("--old") { Description = "The firmware that the device leaves the factory with, any file up to 16 MiB." };
var newFile = new Option<FileInfo?>("--new") { Description = "The firmware that it updates to, any other file up to 16 MiB." };
var keep = new Option<bool>("--keep") { Description = "Keep the temporary folder with keys, firmware, manifests and the device's flash." };
var seed = new Option<int?>("--seed") { Description = "Repeat a run: device id, PSK, where the power is cut, which byte is tampered with. Keys stay random." };
var root = new RootCommand("A device calls home through the tunnel and updates itself, while its power is cut.") { oldFile, newFile, keep, seed };

var folder = new Option<DirectoryInfo>("--folder") { Required = true };
var settings = new Option<string>("--settings") { DefaultValueFactory = _ => DeviceSettings.FileName };
var port = new Option<int>("--port");
var gateway = new Command("gateway", "The gateway's process; started by the quickstart itself.") { folder };
var device = new Command("device", "The device's process; started by the quickstart itself.") { folder, settings, port };
gateway.Hidden = true;
device.Hidden = true;
root.Add(gateway);
root.Add(device);

root.SetAction((parsed, cancellationToken) => Flight.RunAsync(
    new FlightOptions(parsed.GetValue(oldFile)?.FullName, parsed.GetValue(newFile)?.FullName, parsed.GetValue(keep), parsed.GetValue(seed)),
    cancellationToken));
gateway.SetAction((parsed, cancellationToken) => Role.RunAsync(
    reporter => GatewayProcess.RunAsync(parsed.GetValue(folder)!.FullName, reporter, cancellationToken)));
device.SetAction((parsed, cancellationToken) => Role.RunAsync(
    reporter => DeviceProcess.RunAsync(parsed.GetValue(folder)!.FullName, parsed.GetValue(settings)!, parsed.GetValue(port), reporter, cancellationToken)));

return await root.Parse(args).InvokeAsync();
