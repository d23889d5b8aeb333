using System.Management.Automation;
using ResizeLora.Pipeline;

namespace ResizeLora.Arguments;

/// <summary>Names of layers as users of the shell write them: with its wildcards, whatever the case.</summary>
internal static class LayerPatterns
{
    /// <summary>The filter that the names make; null for all layers.</summary>
    public static LayerFilter? Of(string[]? names) => names is null ? null : new LayerFilter([.. names.Select(Of)]);

    private static LayerPattern Of(string name)
    {
        string literal = WildcardPattern.ContainsWildcardCharacters(name) ? name : WildcardPattern.Unescape(name);
        return new LayerPattern(literal, Wildcards.AreIn(name), WildcardPattern.Get(name, WildcardOptions.IgnoreCase).IsMatch);
    }
}
