namespace ResizeLora.Writing;

/// <summary>A planned output and where it goes.</summary>
internal sealed record OutputFile(OutputPlan Plan, IReadOnlyList<DecomposedLayer> Layers, string Path);
