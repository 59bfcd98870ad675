using System.Globalization;

namespace NanoDevice;

/// <summary>The entry point on .NET: <c>NanoDevice HOST PORT FOLDER</c>. A reboot ends the process with 75; whoever started it starts it again.</summary>
internal static class DotNetHost
{
    private static int Main(string[] args)
    {
        if (args.Length != 3 || !int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            System.Console.Error.WriteLine("NanoDevice HOST PORT FOLDER");
            return 64;
        }

        Program.Run(args[0], port, args[2]);
        return 0;
    }
}
