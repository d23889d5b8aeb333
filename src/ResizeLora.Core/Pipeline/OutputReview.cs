using System.Globalization;
using ResizeLora.Adapters.Types;
using ResizeLora.Common;
using ResizeLora.Output;
using ResizeLora.Recipes.Rules;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>
/// Warns at the end of a call about outputs that miss the point of resizing: those no smaller than their inputs, and
/// those that keep little of the LoRA. One warning each, however many outputs there are.
/// </summary>
internal sealed class OutputReview(IReporter reporter)
{
    /// <summary>An output that keeps less than this share of the norm has hardly any effect.</summary>
    private const double LargestError = 0.9;

    private readonly List<Remark> _notSmaller = [];
    private readonly List<Remark> _hollow = [];

    /// <summary>Looks at an output that was written or, in a rehearsal, would have been.</summary>
    public void Add(OutputFile output, ResizeResult result)
    {
        if (result.Size >= result.SourceSize)
            _notSmaller.Add(new Remark(result, WhyNotSmaller(output, result)));
        else if (WhyHollow(output, result) is { } reason)
            _hollow.Add(new Remark(result, reason));
    }

    /// <summary>Warns, if there is anything to warn of.</summary>
    public void Report()
    {
        Report(_notSmaller, (count, isWritten) => $"{Quantity.Of(count, "file")} {(isWritten ? "did" : "would")} not get smaller");
        Report(_hollow, (count, isWritten) => $"{Quantity.Of(count, "file")} {(isWritten ? count == 1 ? "keeps" : "keep" : "would keep")} little of the LoRA");
    }

    private void Report(List<Remark> remarks, Func<int, bool, string> begin)
    {
        if (remarks is not [{ Result: { } first }, ..])
            return;

        // Most share one reason; it is given once.
        string reasons = string.Join(" ", remarks.Select(remark => remark.Reason).Distinct(StringComparer.Ordinal).Take(3));
        reporter.Warning($"{begin(remarks.Count, first.IsWritten)}{(remarks.Count == 1 ? ":" : ", such as")} '{first.Path}' ({FileSize.Format(first.SourceSize)} -> {FileSize.Format(first.Size)}): {reasons}");
    }

    private static string WhyNotSmaller(OutputFile output, ResizeResult result)
    {
        OutputRecord record = output.Plan.Record;
        SafetensorsDType[] widened = [.. output.Layers.Select(layer => layer.Source.Layer).Where(layer => output.Plan.DTypeOf(layer).Format().Bits > layer.DType.Format().Bits).Select(layer => layer.DType).Distinct()];
        string[] types = [.. output.Layers.Select(layer => layer.Source.Layer.Type).Where(type => type is not LoraType).Select(type => type.Name).Distinct(StringComparer.Ordinal)];
        if (record.RankLimits is { EqualRank: true } or { RankMultiple: not null } or { Rank: not null })
            return $"{record.RankLimits} raises ranks. Choose lower ranks, or {Remedy(result.Recipe)}.";
        if (types.Length > 0)
            return $"as LoRA, layers of the type {string.Join(" and ", types)} take more room{(widened.Length > 0 ? $", and -Precision {record.Precision} more than {string.Join(" and ", widened)}" : string.Empty)}. {Capitalised(Remedy(result.Recipe))}.";
        if (widened.Length > 0)
            return $"-Precision {record.Precision} takes more room than {string.Join(" and ", widened)}, in which the input is stored. Use {(record.Precision == ResizePrecision.Float32 ? "-Precision Float16 or Source" : "-Precision Source")}, or {Remedy(result.Recipe)}.";

        return result.RelativeError == 0
            ? $"the recipe keeps every singular value. {Capitalised(Remedy(result.Recipe))}."
            : $"what the recipe drops takes less room than the new metadata. {Capitalised(Remedy(result.Recipe))}.";
    }

    private static string? WhyHollow(OutputFile output, ResizeResult result)
    {
        ResizeRecipe recipe = result.Recipe;
        List<string> losses = [];

        // A recipe that weighs what layers cost leaves some out on purpose.
        bool sizeHasCut = recipe.ReadsScores && recipe.SizeMiB is not null && result.Threshold != (recipe.Threshold ?? double.NegativeInfinity);
        if (sizeHasCut && result.LayerCount < result.SourceLayerCount)
            losses.Add($"{result.SourceLayerCount - result.LayerCount} of {Quantity.Of(result.SourceLayerCount, "layer")} {(result.SourceLayerCount - result.LayerCount == 1 ? "is" : "are")} left out, because the size has no room for {(result.SourceLayerCount - result.LayerCount == 1 ? "it" : "them")}");
        if (result.RelativeError > recipe.ErrorLimit)
            losses.Add(string.Create(CultureInfo.InvariantCulture, $"the relative error is {result.RelativeError:0.####}, more than {recipe.ErrorLimit}"));
        else if (result.RelativeError > LargestError)
            losses.Add(string.Create(CultureInfo.InvariantCulture, $"the relative error is {result.RelativeError:0.00}"));
        if (losses.Count == 0)
            return null;

        string[] more = [.. recipe.Rules.Where(rule => sizeHasCut ? rule.Rule is SizeRule : rule.Rule is not ErrorRule).Select(rule => rule.Key.ToKeepMore)];
        if (!sizeHasCut && output.Plan.Record.RankLimits.MaxRank is not null)
            more = [.. more, "raise -MaxRank"];
        return $"{string.Join(", and ", losses)}. {Capitalised(more.Length == 0 ? "Lower error" : string.Join(", or ", more))}.";
    }

    /// <summary>How a recipe comes to keep less.</summary>
    private static string Remedy(ResizeRecipe recipe)
    {
        string less = string.Join(" or ", recipe.Rules.Select(rule => rule.Key.ToKeepLess));
        return recipe.SizeMiB is null && recipe.ReadsScores ? $"{less} or give a size" : less;
    }

    private static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private sealed record Remark(ResizeResult Result, string Reason);
}
