using System.Text.RegularExpressions;
using ResizeLora.Common;

namespace ResizeLora.Adapters.Names;

/// <summary>What layers do in a model, in words, by their names, as listed in Kinds/layers.txt.</summary>
internal static class LayerKind
{
    private const string Convolution = "convolution";
    private const string Other = "other";

    private static readonly (string Name, Regex Path)[] All = [.. DescriptionText.Lines("Kinds", "layers").Select(Read)];

    /// <summary>The kind of a layer.</summary>
    public static string Of(AdapterLayer layer)
    {
        if (layer.Shape.InputShape.Skip(1).Any(size => size > 1))
            return Convolution;

        string path = AdapterNames.KeyOf(layer.Name).FlatPath;
        return Array.Find(All, kind => kind.Path.IsMatch(path)).Name ?? Other;
    }

    private static (string Name, Regex Path) Read(DescriptionLine line)
    {
        (string name, string patterns) = line.Equation(line.After("kind") ?? throw line.Unclear());
        IEnumerable<string> alternatives = patterns.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pattern => Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal));
        return (name, new Regex($"^({string.Join('|', alternatives)})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
    }
}
