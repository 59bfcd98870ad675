using System.Runtime.CompilerServices;

// On the device the parts are an assembly of their own; on .NET, where nobody counts bytes, they are not.
[assembly: InternalsVisibleTo("Flint.Device.Nano.Parts")]
