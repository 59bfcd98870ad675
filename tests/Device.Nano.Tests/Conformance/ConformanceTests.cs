using Flint.Device.Nano.Violations;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>The built library stays inside what both generations of the device run; and the check finds what it is for.</summary>
public sealed class ConformanceTests
{
    private static readonly IReadOnlyList<DeviceViolation> Planted = ConformanceChecker.Check(typeof(Clean).Assembly.Location);

    public static TheoryData<DeviceRule> Rules() => [.. Enum.GetValues<DeviceRule>()];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Violations_EachRule_IsFoundInItsClass(DeviceRule rule)
    {
        Assert.Contains(Planted, violation => violation.Rule == rule && OuterType(violation.Type) == "Flint.Device.Nano.Violations." + rule);
    }

    [Fact]
    public void Violations_CleanClass_HasNone() =>
        Assert.DoesNotContain(Planted, violation => OuterType(violation.Type) == typeof(Clean).FullName);

    [Fact]
    public void Violations_Assembly_HasNoneOutsideItsClasses() =>
        Assert.All(Planted, violation => Assert.Contains(
            OuterType(violation.Type),
            Enum.GetNames<DeviceRule>().Select(name => "Flint.Device.Nano.Violations." + name).Append("<PrivateImplementationDetails>")));

    [Theory]
    [InlineData("System.String.Replace")]
    [InlineData("System.Array.Reverse")]
    [InlineData("System.Array.Empty")]
    public void Violations_AbsentMember_NamesIt(string member) =>
        Assert.Contains(Planted, violation => violation.Type.EndsWith("AbsentMember", StringComparison.Ordinal) && violation.What.Contains(member, StringComparison.Ordinal));

    [Fact]
    public void Violations_MemberOfOneGenerationOnly_IsFound()
    {
        string[] found = [.. Planted.Where(violation => violation.Member == "TrimEnd").Select(violation => violation.What)];

        Assert.Equal(["System.String.TrimEnd() : string (v1)"], found);
    }

    [Fact]
    public void Library_AgainstBothGenerations_HasNoViolation() =>
        Assert.Empty(ConformanceChecker.Check(Path.Combine(AppContext.BaseDirectory, "Flint.Device.Nano.dll")));

    /// <summary>What a firmware engineer writes on top of it, but for the entry point on .NET.</summary>
    [Theory]
    [InlineData("NanoDevice", "NanoDevice.DotNetHost")]
    [InlineData("NanoApplication", null)]
    public void Sample_AgainstBothGenerations_HasNoViolation(string sample, string? host) =>
        Assert.DoesNotContain(
            ConformanceChecker.Check(Path.Combine(AppContext.BaseDirectory, sample + ".dll")), violation => host is null || OuterType(violation.Type) != host);

    [Fact]
    public void Lists_BothGenerations_AreRead()
    {
        Assert.All(
            new[] { DeviceMembers.Read("v1"), DeviceMembers.Read("v2") },
            generation =>
            {
                Assert.True(generation.TypeCount > 250 && generation.MemberCount > 1500, $"{generation.Name}: {generation.TypeCount} types, {generation.MemberCount} members");
                Assert.True(generation.HasMember("System.Array", "Copy(System.Array, int, System.Array, int, int) : void static"));
                Assert.True(generation.HasMember("System.ArgumentException", "ToString() : string"), "a member of a base class counts");
                Assert.False(generation.HasMember("System.String", "Replace(string, string) : string"));
            });
    }

    [Fact]
    public void Allowed_EachDeviceMember_StandsInBothLists()
    {
        DeviceMembers[] generations = [DeviceMembers.Read("v1"), DeviceMembers.Read("v2")];

        Assert.All(AllowedMembers.Read().Entries.Values.Where(member => member != "-"), member =>
        {
            int name = member[..member.IndexOf('(', StringComparison.Ordinal)].LastIndexOf('.');
            Assert.All(generations, generation => Assert.True(generation.HasMember(member[..name], member[(name + 1)..]), member));
        });
    }

    private static string OuterType(string type) => type.Split('+', '`')[0];
}
