using BenchmarkDotNet.Running;
using Flint.Benchmarks.DeviceNano;
using Flint.Benchmarks.Coap;
using Flint.Benchmarks.Ota;
using Flint.Benchmarks.Ratios;
using Flint.Benchmarks.SecureTunnel;

if (args is ["ratios", ..])
{
    return RatioRunner.Run(
    [
        .. DeviceNanoRatios.Create(),
        .. SecureTunnelRatios.Create(),
        .. CoapRatios.Create(),
        .. OtaRatios.Create(),
    ]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
