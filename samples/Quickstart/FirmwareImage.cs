namespace Flint.Quickstart;

/// <summary>A firmware that the flight knows: what it is called, how long it is, and the SHA-256 of its bytes in hexadecimal digits.</summary>
internal sealed record FirmwareImage(string Version, int Length, string Digest);
