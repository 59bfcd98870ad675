using Flint.Testing;

namespace Flint.Ota.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void Assembly_PublicSurface_IsTheCommittedOne()
    {
        string file = Path.Combine(VectorFile.RepositoryRoot, "tests", "Ota.Tests", "Api", "PublicApi.txt");
        Assert.Equal("", PublicApi.Difference(typeof(OtaEngine).Assembly, file));
    }
}
