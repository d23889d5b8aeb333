using System.Collections.ObjectModel;
using System.Globalization;

namespace ResizeLora;

/// <summary>Weights by their keys that print as they are written in a recipe, so that a column of Export-Csv can be read.</summary>
internal sealed class ReadableWeights(IDictionary<string, double> weights) : ReadOnlyDictionary<string, double>(weights)
{
    /// <summary>The weights as text in the invariant culture.</summary>
    /// <returns>All weights in one line.</returns>
    public override string ToString() =>
        string.Join(',', this.Select(weight => string.Create(CultureInfo.InvariantCulture, $"{weight.Key}={weight.Value}")));
}
