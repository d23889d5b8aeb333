using ResizeLora.Common;
using ResizeLora.Engine;

namespace ResizeLora;

/// <summary>
/// How far a LoRA, B, is from another one, A, over all layers of a block, of a component or of the whole file: the root of the sum
/// of the squares over the layers. It is immutable.
/// </summary>
public sealed record LoraDifferenceSummary
{
    private LoraDifferenceSummary(DifferenceScope scope, IReadOnlyList<LoraDifference> layers)
    {
        LoraDifference first = layers[0];
        Scope = scope;
        Component = scope == DifferenceScope.All ? null : first.Component;
        Block = scope == DifferenceScope.Block ? first.Block : null;
        ReferencePath = first.ReferencePath;
        DifferencePath = first.DifferencePath;
        LayerCount = layers.Count;
        UnmatchedCount = layers.Count(layer => layer.SideIndicator != LayerSides.Both);
        var distance = ChangeDistance.OfParts([.. layers.Select(layer => new ChangeDistance(layer.ReferenceNorm, layer.Norm, layer.DifferenceNorm, layer.Cosine ?? 0))]);
        ReferenceNorm = distance.ReferenceNorm;
        Norm = distance.Norm;
        DifferenceNorm = distance.DifferenceNorm;
        Cosine = ReferenceNorm > 0 && Norm > 0 ? distance.Cosine : null;
        ReferenceRank = layers.Sum(layer => layer.ReferenceRank);
        Rank = layers.Sum(layer => layer.Rank);
        LoraDifference[] withBase = [.. layers.Where(layer => layer.BaseFrobeniusNorm is not null)];
        BaseRelativeError = withBase.Length == 0
            ? null
            : DifferenceError.Relative(EuclideanNorm.Of(withBase.Select(layer => layer.DifferenceNorm)), EuclideanNorm.Of(withBase.Select(layer => layer.BaseFrobeniusNorm!.Value)));
    }

    /// <summary>What is summed up: a block, a component or all layers.</summary>
    public DifferenceScope Scope { get; }

    /// <summary>The part of the model; null for all.</summary>
    public AdapterComponent? Component { get; }

    /// <summary>The block; null for more than one, and for the layers of a component that are in none.</summary>
    public string? Block { get; }

    /// <summary>The LoRA A: a file, or the folder of a PEFT adapter.</summary>
    public string ReferencePath { get; }

    /// <summary>The LoRA B: a file, or the folder of a PEFT adapter.</summary>
    public string DifferencePath { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>How many of them only one of the files has.</summary>
    public int UnmatchedCount { get; }

    /// <summary>‖ΔA‖_F over the layers.</summary>
    public double ReferenceNorm { get; }

    /// <summary>‖ΔB‖_F over the layers.</summary>
    public double Norm { get; }

    /// <summary>‖ΔA − ΔB‖_F over the layers.</summary>
    public double DifferenceNorm { get; }

    /// <summary>⟨ΔA, ΔB⟩ / (‖ΔA‖_F · ‖ΔB‖_F) over the layers; null where one of them is zero.</summary>
    public double? Cosine { get; }

    /// <summary>Sum of the ranks in A.</summary>
    public int ReferenceRank { get; }

    /// <summary>Sum of the ranks in B.</summary>
    public int Rank { get; }

    /// <summary>‖ΔA − ΔB‖_F / ‖ΔA‖_F over the layers; null where only ΔA is zero.</summary>
    public double? RelativeError => DifferenceError.Relative(DifferenceNorm, ReferenceNorm);

    /// <summary>‖ΔA − ΔB‖_F / ‖W‖_F over the layers that have a base layer; null where none has.</summary>
    public double? BaseRelativeError { get; }

    /// <inheritdoc/>
    public override string ToString() => Scope switch
    {
        DifferenceScope.Block => $"{Component} {Block}",
        DifferenceScope.Component => $"{Component}",
        _ => "all layers",
    };

    /// <summary>Sums up the layers of a file: block by block, in their order; then component by component; and in all.</summary>
    internal static IEnumerable<LoraDifferenceSummary> Of(IReadOnlyList<LoraDifference> layers) =>
    [
        .. layers.GroupBy(layer => (layer.Component, layer.Block)).Select(block => new LoraDifferenceSummary(DifferenceScope.Block, [.. block])),
        .. layers.GroupBy(layer => layer.Component).Select(component => new LoraDifferenceSummary(DifferenceScope.Component, [.. component])),
        new LoraDifferenceSummary(DifferenceScope.All, layers),
    ];
}

/// <summary>What a summary of differences is about.</summary>
public enum DifferenceScope
{
    /// <summary>A block, or all layers of a component that are in none.</summary>
    Block,

    /// <summary>A component of the model.</summary>
    Component,

    /// <summary>All layers.</summary>
    All,
}

/// <summary>Which of two files has a layer, in the signs of Compare-Object.</summary>
internal static class LayerSides
{
    public const string Both = "==";
    public const string ReferenceOnly = "<=";
    public const string DifferenceOnly = "=>";
}
