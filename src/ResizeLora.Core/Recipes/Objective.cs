namespace ResizeLora.Recipes;

/// <summary>What a recipe that has no scores makes small: the sum of the squared errors of all layers, each with a weight.</summary>
/// <param name="Name">The value of <c>minimize</c>.</param>
/// <param name="NeedsCheckpoint">Whether the weights are about the base layers.</param>
/// <param name="Weight">The weight of a layer.</param>
internal sealed record Objective(string Name, bool NeedsCheckpoint, Func<LayerSpectrum, double> Weight)
{
    /// <summary>‖ΔW − ΔW′‖² over all layers.</summary>
    public static Objective Error { get; } = new("error", NeedsCheckpoint: false, _ => 1);

    /// <summary>The same with each layer's error relative to ‖W‖ of its base layer; a base layer of zeros can't be disturbed more than any other.</summary>
    public static Objective BaseError { get; } = new("error_ckpt", NeedsCheckpoint: true, layer => layer.BaseFrobeniusNorm is { } norm and > 0 ? 1 / norm / norm : 1);

    public static IReadOnlyList<Objective> All { get; } = [Error, BaseError];

    public static Objective? Find(string text) => All.FirstOrDefault(objective => objective.Name.Equals(text, StringComparison.OrdinalIgnoreCase));

    public override string ToString() => Name;
}
