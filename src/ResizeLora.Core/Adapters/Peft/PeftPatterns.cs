using System.Diagnostics;

namespace ResizeLora.Adapters.Peft;

/// <summary>Numbers for some layers: if several patterns match a name, the first one applies.</summary>
internal sealed class PeftPatterns(IEnumerable<KeyValuePair<string, double>> numbers)
{
    private static readonly TimeSpan LongestLookup = TimeSpan.FromSeconds(10);

    private readonly List<(PeftPattern Pattern, double Number)> _patterns = [.. numbers.Select(pair => (new PeftPattern(pair.Key), pair.Value))];
    private readonly Stopwatch _watch = new();

    /// <summary>The number of a layer; null if no pattern fits.</summary>
    /// <exception cref="FormatException">Matching takes too long.</exception>
    public double? Find(string layer)
    {
        _watch.Start();
        try
        {
            foreach ((PeftPattern pattern, double number) in _patterns)
            {
                if (pattern.Fits(layer))
                    return number;
                if (_watch.Elapsed > LongestLookup)
                    throw pattern.TooSlow();
            }
        }
        finally
        {
            _watch.Stop();
        }

        // A name with characters that mean something else in a pattern need not fit itself; PEFT looks it up all the same.
        return _patterns.Where(pair => pair.Pattern.Text == layer).Select(pair => (double?)pair.Number).FirstOrDefault();
    }
}
