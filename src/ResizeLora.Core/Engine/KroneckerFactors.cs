namespace ResizeLora.Engine;

/// <summary>
/// ΔW = Scale · (Left ⊗ Right). Its singular values are the products of its factors' singular values, and its singular
/// vectors the Kronecker products of theirs.
/// </summary>
internal sealed record KroneckerFactors(LayerFactors Left, LayerFactors Right, double Scale) : WeightChange(Scale);
