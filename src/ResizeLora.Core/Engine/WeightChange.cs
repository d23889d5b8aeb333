namespace ResizeLora.Engine;

/// <summary>ΔW in the form in which it is cheapest to decompose.</summary>
/// <param name="Scale">What the product is multiplied by.</param>
internal abstract record WeightChange(double Scale);
