using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void Surface_ComparedWithTheCommittedOne_IsTheSame()
    {
        string committed = Path.Combine(VectorFile.RepositoryRoot, "tests", "SecureTunnel.Tests", "Api", "PublicApi.txt");
        Assert.Equal("", PublicApi.Difference(typeof(SecureTunnelConnection).Assembly, committed));
    }
}
