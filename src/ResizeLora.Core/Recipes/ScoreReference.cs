namespace ResizeLora;

/// <summary>What a singular value can be compared with.</summary>
internal enum ScoreReference
{
    /// <summary>σ_max of the base layer.</summary>
    SpnCkpt,

    /// <summary>σ_max of the LoRA layer.</summary>
    SpnLora,

    /// <summary>The Frobenius norm of the base layer.</summary>
    FroCkpt,

    /// <summary>The Frobenius norm of the LoRA layer.</summary>
    FroLora,

    /// <summary>|⟨uᵢ, W vᵢ⟩|: what the base layer does to the singular vectors.</summary>
    Subspace,

    /// <summary>The parameters that one rank costs: out + in·kernel.</summary>
    Params,
}
