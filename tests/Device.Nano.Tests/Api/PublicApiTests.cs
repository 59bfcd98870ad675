using Flint.Testing;

namespace Flint.Device.Nano.Tests.Api;

/// <summary>The public surface is the committed one; FLINT_ACCEPT_API=1 rewrites the file.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Surface_Assembly_IsTheCommittedOne() =>
        Assert.Equal("", PublicApi.Difference(
            typeof(CoapReader).Assembly,
            Path.Combine(VectorFile.RepositoryRoot, "tests", "Device.Nano.Tests", "Api", "PublicApi.txt")));
}
