namespace Flint.Coap.Tests.Figures;

/// <summary>What stands for the tokens and entity-tags of a figure where the other end chooses them: the same for the same, never the same for two.</summary>
internal sealed class FigureNames
{
    private readonly Dictionary<string, string> _actual = [];

    /// <summary>Whether a value stands for one of the figure, from now on or as before.</summary>
    public bool AreTheSame(byte[] figure, byte[] actual)
    {
        string key = Convert.ToHexString(figure);
        string value = Convert.ToHexString(actual);
        return _actual.TryGetValue(key, out string? known) ? known == value : !_actual.ContainsValue(value) && _actual.TryAdd(key, value);
    }

    /// <summary>What stands for a value of the figure; itself where nothing does yet.</summary>
    public byte[] Of(byte[] figure) => _actual.TryGetValue(Convert.ToHexString(figure), out string? known) ? Convert.FromHexString(known) : figure;
}
