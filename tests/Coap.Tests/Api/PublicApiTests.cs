using Flint.Testing;

namespace Flint.Coap.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicSurface_Committed_IsUnchanged() => Assert.Equal("", PublicApi.Difference(
        typeof(CoapMessageReader).Assembly, Path.Combine(VectorFile.RepositoryRoot, "tests", "Coap.Tests", "Api", "PublicApi.txt")));
}
