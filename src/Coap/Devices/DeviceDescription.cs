using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What a device offers (docs/spec/device-mapping.md section 3).</summary>
/// <param name="Functions">The names of its functions.</param>
/// <param name="Variables">The names of its variables.</param>
/// <param name="Observable">The names of those variables that can be observed.</param>
public sealed record DeviceDescription(IReadOnlyList<string> Functions, IReadOnlyList<string> Variables, IReadOnlyList<string> Observable);
