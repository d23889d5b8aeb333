namespace ResizeLora.Writing;

/// <summary>How an output came about, as its metadata tells.</summary>
internal sealed record ResizeParameters(
    ResizeRecipe Recipe,
    double Threshold,
    ResizePrecision Precision,
    string SourceName,
    string SourceSha256,
    string? CheckpointSha256);
