namespace Flint.Quickstart;

/// <summary>A step of the flight did not do what it says. The message is shown to the user; the exit code is not zero.</summary>
internal sealed class FlightException(string message) : Exception(message);
