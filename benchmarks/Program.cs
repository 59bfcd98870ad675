using BenchmarkDotNet.Running;
using Flint.Benchmarks.DeviceNano;
using Flint.Benchmarks.Ratios;

if (args is ["ratios", ..])
{
    return RatioRunner.Run(
    [
        .. DeviceNanoRatios.Create(),
    ]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
