using BenchmarkDotNet.Running;
using Flint.Benchmarks.Ratios;

if (args is ["ratios", ..])
{
    return RatioRunner.Run(
    [
    ]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
