using System.Reflection;
using Flint.Ota.Testing;
using Flint.Testing;

namespace Flint.Ota.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void Assembly_PublicSurface_IsTheCommittedOne() => AssertCommitted(typeof(OtaEngine).Assembly, "PublicApi.txt");

    [Fact]
    public void TestingAssembly_PublicSurface_IsTheCommittedOne() => AssertCommitted(typeof(OtaProof).Assembly, "PublicApi.Testing.txt");

    private static void AssertCommitted(Assembly assembly, string name) =>
        Assert.Equal("", PublicApi.Difference(assembly, Path.Combine(VectorFile.RepositoryRoot, "tests", "Ota.Tests", "Api", name)));
}
