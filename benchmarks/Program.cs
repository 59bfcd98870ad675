using BenchmarkDotNet.Running;
using Flint.Benchmarks.Coap;
using Flint.Benchmarks.Coap.Load;
using Flint.Benchmarks.DeviceNano;
using Flint.Benchmarks.Ota;
using Flint.Benchmarks.Ratios;
using Flint.Benchmarks.SecureTunnel;
using Flint.Benchmarks.SecureTunnel.Load;

if (args is ["ratios", .. var which])
{
    return RatioRunner.Run(
    [
        .. CoapRatios.Create(),
        .. DeviceNanoRatios.Create(),
        .. OtaRatios.Create(),
        .. SecureTunnelRatios.Create(),
    ],
    which.FirstOrDefault());
}

if (args is ["coap", .. var coap])
{
    return await CoapLoad.RunAsync(coap);
}

if (args is ["tunnel", .. var rest])
{
    return await LoadProgram.RunAsync(rest);
}

// A process of its own for each class would need a build of its own, which central package versions and lock files stand in the way of.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args, "--inProcess"]);
return 0;
