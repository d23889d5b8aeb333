namespace ResizeLora;

/// <summary>
/// How far a layer of a LoRA, B, is from the same layer of another one, A: two changes ΔA and ΔB of the same rows of a base weight W.
/// Where only one of the files has the layer, the other one changes nothing there. It is immutable.
/// </summary>
public sealed record LoraDifference
{
    internal LoraDifference()
    {
    }

    /// <summary>The layer's name in A; in B, where A does not have it.</summary>
    public required string Name { get; init; }

    /// <summary>The layer's name in B, or those of several layers that make it up; null where B does not have it.</summary>
    public required string? DifferenceName { get; init; }

    /// <summary>Which of the files has the layer, as Compare-Object says it: == for both, &lt;= for A only, =&gt; for B only.</summary>
    public required string SideIndicator { get; init; }

    /// <summary>The part of the model that the layer belongs to.</summary>
    public required AdapterComponent Component { get; init; }

    /// <summary>The block that it is in, such as input_blocks_4, or null where it is in none.</summary>
    public required string? Block { get; init; }

    /// <summary>What it does in the model, such as attention q or feed-forward.</summary>
    public required string Kind { get; init; }

    /// <summary>The LoRA A: a file, or the folder of a PEFT adapter.</summary>
    public required string ReferencePath { get; init; }

    /// <summary>The LoRA B: a file, or the folder of a PEFT adapter.</summary>
    public required string DifferencePath { get; init; }

    /// <summary>‖ΔA‖_F, the root of the sum of the squares; 0 where A does not have the layer.</summary>
    public required double ReferenceNorm { get; init; }

    /// <summary>‖ΔB‖_F; 0 where B does not have the layer.</summary>
    public required double Norm { get; init; }

    /// <summary>‖ΔA − ΔB‖_F.</summary>
    public required double DifferenceNorm { get; init; }

    /// <summary>⟨ΔA, ΔB⟩ / (‖ΔA‖_F · ‖ΔB‖_F): 1 for the same direction; null where one of them is zero.</summary>
    public required double? Cosine { get; init; }

    /// <summary>The rank of the layer in A as stored; the sum of the ranks where several layers make it up, and 0 where A does not have it.</summary>
    public required int ReferenceRank { get; init; }

    /// <summary>The rank of the layer in B as stored; the sum of the ranks where several layers make it up, and 0 where B does not have it.</summary>
    public required int Rank { get; init; }

    /// <summary>‖W‖_F, or null without a base layer.</summary>
    public required double? BaseFrobeniusNorm { get; init; }

    /// <summary>‖ΔA − ΔB‖_F / ‖ΔA‖_F; null where only ΔA is zero.</summary>
    public double? RelativeError => DifferenceError.Relative(DifferenceNorm, ReferenceNorm);

    /// <summary>‖ΔA − ΔB‖_F / ‖W‖_F, or null without a base layer.</summary>
    public double? BaseRelativeError => BaseFrobeniusNorm is { } norm ? DifferenceError.Relative(DifferenceNorm, norm) : null;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An error in relation to something.</summary>
internal static class DifferenceError
{
    /// <summary>The quotient; nothing is no error of anything, and something no share of nothing.</summary>
    public static double? Relative(double difference, double norm) => norm > 0 ? difference / norm : difference == 0 ? 0 : null;
}
