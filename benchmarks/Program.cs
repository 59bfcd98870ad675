using BenchmarkDotNet.Running;
using Flint.Benchmarks.Ota;
using Flint.Benchmarks.Ratios;

if (args is ["ratios", ..])
{
    return RatioRunner.Run(
    [
        .. OtaRatios.Create(),
    ]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
