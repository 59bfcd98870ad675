namespace Flint.Coap;

/// <summary>
/// The names under which the package tells what it does (docs/spec/coap-profile.md section 15). While nobody listens, nothing is measured and nothing allocated.
/// </summary>
public static class CoapDiagnostics
{
    /// <summary>The name of the meter, for <c>AddMeter</c> of OpenTelemetry.</summary>
    public const string MeterName = "Flint.Coap";

    /// <summary>The name of the activity source, for <c>AddSource</c> of OpenTelemetry.</summary>
    public const string ActivitySourceName = "Flint.Coap";
}
