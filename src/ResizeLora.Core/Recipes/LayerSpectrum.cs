namespace ResizeLora.Recipes;

/// <summary>All that a recipe looks at of a layer: its singular values, and what they can be compared with.</summary>
internal sealed record LayerSpectrum
{
    /// <summary>The singular values of ΔW, descending; a recipe's scale is in them and in the two norms that follow.</summary>
    public required IReadOnlyList<double> SingularValues { get; init; }

    /// <summary>The largest singular value.</summary>
    public double SpectralNorm { get; init; }

    /// <summary>The root of the sum of the squares of all singular values.</summary>
    public double FrobeniusNorm { get; init; }

    /// <summary>Whether ΔW is so small that it is as good as zero: its largest singular value without alpha, as kohya's tool measures it, is at most 1e-6.</summary>
    public bool IsNegligible { get; init; }

    /// <summary>Whether it modifies a convolution, one of 1 × 1 included.</summary>
    public bool IsConvolution { get; init; }

    /// <summary>The parameters that one rank costs: out + in · kernel.</summary>
    public double ParametersPerRank { get; init; }

    /// <summary>The largest singular value of the base layer; null without a base layer.</summary>
    public double? BaseSpectralNorm { get; init; }

    /// <summary>The Frobenius norm of the base layer; null without a base layer.</summary>
    public double? BaseFrobeniusNorm { get; init; }

    /// <summary>|⟨uᵢ, W vᵢ⟩| for each singular value; null where no recipe asks for it.</summary>
    public IReadOnlyList<double>? SubspaceNorms { get; init; }

    /// <summary>The score of each singular value: one of −∞ is never kept, one of +∞ always.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];
}
