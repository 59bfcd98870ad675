namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>One finding: which rule, in which of our types and members, and what was found there.</summary>
public sealed record DeviceViolation(DeviceRule Rule, string Type, string Member, string What)
{
    public override string ToString() => $"{Rule}: {Type}{(Member.Length == 0 ? "" : "." + Member)}: {What}";
}
