namespace ResizeLora.Decomposition;

/// <summary>ΔW = Scale · Up · Down, with Up of m × r and Down of r × n.</summary>
internal sealed record LayerFactors(StoredMatrix Up, StoredMatrix Down, double Scale);
