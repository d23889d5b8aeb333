using System.Globalization;
using ResizeLora.Recipes;
using ResizeLora.Selection;

namespace ResizeLora.Writing;

/// <summary>
/// File names in the form of the original tool: the recipe's keys sorted and without underscore, each with its
/// weight, then scale, size, what is asked of ranks, and threshold; for example <c>style_spnckpt1_th-1.2.safetensors</c>.
/// </summary>
internal static class OutputName
{
    public const string Extension = ".safetensors";

    /// <summary>The name for a recipe that cut at a threshold.</summary>
    public static string For(string inputName, ResizeRecipe recipe, RankLimits limits, double threshold) =>
        $"{Prefix(inputName, recipe, limits)}_th{Number(threshold)}{Extension}";

    /// <summary>The name, where it is known before the work: a size recipe finds its threshold only by working.</summary>
    public static string? InAdvance(string inputName, ResizeRecipe recipe, RankLimits limits) =>
        recipe is { SizeMiB: null, Threshold: { } threshold } ? For(inputName, recipe, limits, threshold) : null;

    /// <summary>Whether a file name may be that of the recipe's output, whatever the threshold.</summary>
    public static bool MayBe(string fileName, string inputName, ResizeRecipe recipe, RankLimits limits) =>
        fileName.StartsWith($"{Prefix(inputName, recipe, limits)}_th", StringComparison.Ordinal) && fileName.EndsWith(Extension, StringComparison.Ordinal);

    private static string Prefix(string inputName, ResizeRecipe recipe, RankLimits limits)
    {
        IEnumerable<string> parts = recipe.ScoreWeights
            .Select(pair => (Key: RecipeKeys.KeyOf(pair.Key), Weight: pair.Value))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => pair.Key.Replace("_", string.Empty, StringComparison.Ordinal) + Number(pair.Weight));
        if (recipe.Rescale != 1)
            parts = parts.Append("scale" + Number(recipe.Rescale));
        if (recipe.SizeMiB is { } size)
            parts = parts.Append("size" + Number(size));
        parts = parts.Concat(limits.Given.Select(given => string.Create(CultureInfo.InvariantCulture, $"{given.Option.ToLowerInvariant()}{given.Value}")));
        return $"{inputName}_{string.Join('_', parts)}";
    }

    /// <summary>At most two decimals, without trailing zeros; exact halves go to even, as in Python.</summary>
    private static string Number(double value)
    {
        if (double.IsInfinity(value))
            return value < 0 ? "-inf" : "inf";

        string text = Math.Round(value, 2).ToString("F2", CultureInfo.InvariantCulture).TrimEnd('0').TrimEnd('.');
        return text == "-0" ? "0" : text;
    }
}
