using Flint.Device.Nano.Violations;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>The built library stays inside what both generations of the device run; and the check finds what it is for.</summary>
public sealed class ConformanceTests
{
    private static readonly IReadOnlyList<DeviceViolation> Planted = ConformanceChecker.Check(typeof(Clean).Assembly.Location, "tests/Device.Nano.Violations/nano/Violations.nfproj");

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

    /// <summary>Each way to a type that the device does not load: of the same assembly, of the library's parts, of its authoring.</summary>
    [Theory]
    [InlineData("Base", "Flint.Device.Nano.Violations.NotForTheDevice")]
    [InlineData("Held", "Flint.Device.Nano.Violations.NotForTheDevice")]
    [InlineData("Read", "Flint.Device.Nano.Violations.NotForTheDevice")]
    [InlineData("Call", "Flint.Device.Nano.Violations.NotForTheDevice")]
    [InlineData("Make", "Flint.Device.Nano.Violations.NotForTheDevice")]
    [InlineData("Authoring", "Flint.Device.Nano.DeviceBundleWriter")]
    [InlineData("Part", "Flint.Device.Nano.P256")]
    [InlineData("PartOfTheEngine", "Flint.Ota.OtaBoardLayout")]
    public void Violations_UnloadedType_NamesIt(string way, string type) =>
        Assert.Contains(Planted, violation => violation.Rule == DeviceRule.UnloadedType && (violation.Member == way || violation.Type.EndsWith("+" + way, StringComparison.Ordinal)) && violation.What == type);

    /// <summary>A program whose project refers to the parts may use them, and still nothing else.</summary>
    [Fact]
    public void Violations_ProjectWithTheParts_UsesThemAndNotTheAuthoring()
    {
        string[] found = [.. ConformanceChecker.Check(typeof(Clean).Assembly.Location, "tests/Device.Nano.Violations/nano/ViolationsWithParts.nfproj")
            .Where(violation => violation.Rule == DeviceRule.UnloadedType).Select(violation => violation.What).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(["Flint.Device.Nano.DeviceBundleWriter", "Flint.Device.Nano.Violations.NotForTheDevice"], found);
    }

    [Theory]
    [InlineData("src/Device.Nano/nano/Flint.Device.Nano.nfproj")]
    [InlineData("src/Device.Nano/Parts/nano/Flint.Device.Nano.Parts.nfproj")]
    public void Library_AgainstBothGenerations_HasNoViolation(string project) => Assert.Empty(ConformanceChecker.Check(ConformanceChecker.LibraryPath, project));

    /// <summary>What the rule about types of ours stands on: the symbols name the files of each type, and a file is of one assembly of the device, or of none.</summary>
    [Fact]
    public void Library_EachType_IsOfOneAssemblyOfTheDeviceOrForDotNet()
    {
        var library = DeviceProject.Read("src/Device.Nano/nano/Flint.Device.Nano.nfproj");
        var parts = DeviceProject.Read("src/Device.Nano/Parts/nano/Flint.Device.Nano.Parts.nfproj");
        Dictionary<string, HashSet<string>> files = TypeFiles.Read(ConformanceChecker.LibraryPath);

        Assert.All(files.Where(type => type.Key.StartsWith("Flint.", StringComparison.Ordinal)), type => Assert.NotEmpty(type.Value));
        string[] dotNet = [.. files.Where(type => type.Value.Count > 0 && !type.Value.Any(parts.Loads)).Select(type => OuterType(type.Key)).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(["Flint.Device.Nano.DeviceBundleWriter", "Flint.Device.Nano.NanoAes", "Flint.Device.Nano.NanoCrypto", "nanoFramework.Runtime.Native.Power", "nanoFramework.Runtime.Native.RebootOption"], dotNet);
        Assert.DoesNotContain(files, type => type.Value.Any(library.Compiles) && type.Value.Any(parts.Compiles));
        Assert.InRange(files.Count(type => type.Value.Any(parts.Compiles)), 12, 40);
    }

    /// <summary>What a firmware engineer writes on top of it, but for the entry point on .NET.</summary>
    [Theory]
    [InlineData("NanoDevice", "NanoDevice.DotNetHost")]
    [InlineData("NanoApplication", null)]
    public void Sample_AgainstBothGenerations_HasNoViolation(string sample, string? host) =>
        Assert.DoesNotContain(
            ConformanceChecker.Check(Path.Combine(AppContext.BaseDirectory, sample + ".dll"), $"samples/{sample}/nano/{sample}.nfproj"),
            violation => host is null || OuterType(violation.Type) != host);

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
