namespace ResizeLora.Writing;

/// <summary>How an output came about, in the words of its metadata: names of the properties in snake case.</summary>
internal sealed record RecordedParameters(
    string Tool,
    string Version,
    string Recipe,
    double? Threshold,
    string Precision,
    string Source,
    string SourceSha256,
    string? CheckpointSha256)
{
    /// <summary>Whether this output and the given work come from the same input by the same recipe.</summary>
    public bool IsSameWork(ResizeRecipe recipe, ResizePrecision precision, string sourceSha256, string? checkpointSha256) =>
        string.Equals(Recipe, recipe.ToString(), StringComparison.Ordinal)
        && string.Equals(Precision, precision.ToString(), StringComparison.Ordinal)
        && string.Equals(SourceSha256, sourceSha256, StringComparison.Ordinal)
        && string.Equals(CheckpointSha256, checkpointSha256, StringComparison.Ordinal);
}
