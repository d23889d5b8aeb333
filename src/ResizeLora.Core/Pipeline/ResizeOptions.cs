using ResizeLora.Output;
using ResizeLora.Selection;

namespace ResizeLora.Pipeline;

/// <summary>The options of a call, besides its inputs.</summary>
internal sealed record ResizeOptions
{
    /// <summary>The recipes that were given, besides those that layers carry; null if none were.</summary>
    public IReadOnlyList<ResizeRecipe>? Recipes { get; init; }

    /// <summary>The paths of the checkpoint; null if none was given.</summary>
    public IReadOnlyList<string>? Checkpoint { get; init; }

    /// <summary>The layers that are worked on; null for all.</summary>
    public LayerFilter? Layers { get; init; }

    public ResizePrecision Precision { get; init; } = ResizePrecision.Float16;

    public UnmatchedLayer UnmatchedLayer { get; init; } = UnmatchedLayer.Keep;

    /// <summary>The limits on ranks.</summary>
    public RankLimits RankLimits { get; init; } = RankLimits.None;

    /// <summary>The folder and the names of outputs.</summary>
    public OutputPath Output { get; init; } = OutputPath.Beside;

    /// <summary>Whether results of an earlier run are resized too.</summary>
    public bool IncludeResized { get; init; }

    /// <summary>Whether outputs that were made from the same input by the same recipe are skipped.</summary>
    public bool SkipExisting { get; init; }

    /// <summary>Whether existing outputs are replaced.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether to report what would be written without writing it.</summary>
    public bool IsRehearsal { get; init; }

    /// <summary>Whether results come also for outputs that may not be written.</summary>
    public bool EmitsPlans { get; init; }

    /// <summary>Where norms, and hashes of known files, are remembered; null to remember none.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Layers worked on at the same time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How an output by a recipe is made, as far as it is known before its input is.</summary>
    public OutputRecord RecordOf(ResizeRecipe recipe) => new()
    {
        Recipe = recipe,
        Threshold = recipe.ThresholdInAdvance,
        Precision = Precision,
        UnmatchedLayer = recipe.NeedsCheckpoint ? UnmatchedLayer : null,
        RankLimits = RankLimits,
    };
}
