namespace ResizeLora.Pipeline;

/// <summary>What a call of Invoke-LoraResize is asked for, besides its inputs.</summary>
internal sealed record JobSettings
{
    /// <summary>How the pipeline works.</summary>
    public required PipelineSettings Pipeline { get; init; }

    /// <summary>The recipes that were given, besides those that layers carry; null if none were.</summary>
    public IReadOnlyList<ResizeRecipe>? Recipes { get; init; }

    /// <summary>The paths of the checkpoint; null if none was given.</summary>
    public IReadOnlyList<string>? Checkpoint { get; init; }

    /// <summary>Whether results of an earlier run are resized too.</summary>
    public bool IncludeResized { get; init; }
}
