using BenchmarkDotNet.Running;
using Flint.Benchmarks.Coap;
using Flint.Benchmarks.Ratios;

if (args is ["ratios", ..])
{
    return RatioRunner.Run(
    [
        .. CoapRatios.Create(),
    ]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
