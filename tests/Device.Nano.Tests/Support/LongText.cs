using System.Globalization;
using System.Text;

namespace Flint.Device.Nano.Tests.Support;

internal static class LongText
{
    /// <summary>Text of a length that no two places of it, and no two seeds, have alike.</summary>
    public static string Text(int length, int seed = 0)
    {
        var text = new StringBuilder();
        for (int i = 0; text.Length < length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{seed}.{i},");
        }

        return text.ToString(0, length);
    }
}
