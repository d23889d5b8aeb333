using ResizeLora.Common;

namespace ResizeLora.Adapters.Names;

/// <summary>
/// How trainers name layers, as the files in Styles describe it. A file may mix styles, one for the layers' names and
/// another for the factors', so all are considered together; of several that fit, the most specific one applies.
/// </summary>
internal static class AdapterStyles
{
    private const string Folder = "Styles";
    private const char Optional = '?';

    static AdapterStyles()
    {
        var namings = new List<AdapterNaming>();
        var prefixes = new List<LayerPrefix>();
        var spellings = new List<(string Old, string Current)>();
        var roots = new Dictionary<string, LayerPrefix>(StringComparer.Ordinal);
        var wrappers = new List<LayerPrefix>();
        foreach (string file in DescriptionText.Names(Folder))
        {
            string style = file;
            foreach (DescriptionLine line in DescriptionText.Lines(Folder, file))
            {
                if (line.After("style") is { } name)
                    style = name;
                else if (line.After("factors") is { } factors)
                    namings.Add(Naming(style, factors, line));
                else if (line.After("prefix") is { } prefix)
                    prefixes.Add(Prefix(style, prefix, line));
                else if (line.After("root") is { } root)
                    roots.Add(Prefix(style, root, line).Text, Prefix(style, root, line));
                else if (line.After("spelling") is { } spelling)
                    spellings.Add(line.Equation(spelling));
                else if (line.After("wrapper") is { } wrapper)
                    wrappers.Add(new LayerPrefix(style, wrapper, AdapterComponent.Unet));
                else
                    throw line.Unclear();
            }
        }

        Namings =
        [
            .. namings
                .OrderByDescending(naming => naming.LayerSuffixes.Count > 0)
                .ThenBy(naming => NameEnding.IsOpen(naming.UpSuffix))
                .ThenByDescending(naming => naming.UpSuffix.Length),
        ];
        Prefixes = [.. prefixes.OrderByDescending(prefix => prefix.Text.Length)];
        Spellings = spellings;
        Roots = roots;
        Wrapper = wrappers.Single();
    }

    /// <summary>How factors are named.</summary>
    public static IReadOnlyList<AdapterNaming> Namings { get; }

    /// <summary>The prefix of a layer's path, which shows its component.</summary>
    public static IReadOnlyList<LayerPrefix> Prefixes { get; }

    /// <summary>Where the paths of names without a prefix begin.</summary>
    public static IReadOnlyDictionary<string, LayerPrefix> Roots { get; }

    /// <summary>The name of the style without a prefix.</summary>
    public static string BareStyle => Roots.Values.First().Style;

    /// <summary>Old spellings of the last parts of a path, and what the model calls them.</summary>
    public static IReadOnlyList<(string Old, string Current)> Spellings { get; }

    /// <summary>What may come before or after a prefix, or replace the denoising network's.</summary>
    public static LayerPrefix Wrapper { get; }

    private static AdapterNaming Naming(string style, string text, DescriptionLine line) =>
        DescriptionText.Words(text) switch
        {
            [string up, string down, string alpha] => Naming(style, up, down, alpha, []),
            [string up, string down, string alpha, "of", .. string[] layers] => Naming(style, up, down, alpha, layers),
            _ => throw line.Unclear(),
        };

    private static AdapterNaming Naming(string style, string up, string down, string alpha, string[] layers) =>
        new(style, up, down, alpha == "-" ? null : alpha.TrimEnd(Optional), layers) { IsAlphaOptional = alpha.EndsWith(Optional) };

    private static LayerPrefix Prefix(string style, string text, DescriptionLine line)
    {
        (string prefix, string component) = line.Equation(text);
        return new LayerPrefix(style, prefix, AdapterComponents.Named(component));
    }
}

/// <summary>How the names of a component's layers begin.</summary>
internal sealed record LayerPrefix(string Style, string Text, AdapterComponent Component);
