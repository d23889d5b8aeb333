namespace ResizeLora.Adapters.Types;

/// <summary>What a tensor of an adapter layer is for; in the order in which a layer's tensors are read.</summary>
internal enum TensorRole
{
    /// <summary>B of B · A.</summary>
    Up,

    /// <summary>A of B · A.</summary>
    Down,

    /// <summary>The core between B and A, which has the kernel.</summary>
    Mid,

    /// <summary>ΔW itself.</summary>
    Diff,

    /// <summary>The left factor of the first matrix of LoHa.</summary>
    HadaW1A,

    /// <summary>The right factor of the first matrix of LoHa.</summary>
    HadaW1B,

    /// <summary>The core of the first matrix of LoHa.</summary>
    HadaT1,

    /// <summary>The left factor of the second matrix of LoHa.</summary>
    HadaW2A,

    /// <summary>The right factor of the second matrix of LoHa.</summary>
    HadaW2B,

    /// <summary>The core of the second matrix of LoHa.</summary>
    HadaT2,

    /// <summary>The first matrix of LoKr.</summary>
    LokrW1,

    /// <summary>The left factor of the first matrix of LoKr.</summary>
    LokrW1A,

    /// <summary>The right factor of the first matrix of LoKr.</summary>
    LokrW1B,

    /// <summary>The second matrix of LoKr.</summary>
    LokrW2,

    /// <summary>The left factor of the second matrix of LoKr.</summary>
    LokrW2A,

    /// <summary>The right factor of the second matrix of LoKr.</summary>
    LokrW2B,

    /// <summary>The core of the second matrix of LoKr.</summary>
    LokrT2,

    /// <summary>DoRA's magnitudes, one per output or one per input.</summary>
    DoraScale,

    /// <summary>DoRA's magnitudes, always one per output.</summary>
    MagnitudeVector,

    /// <summary>The numerator of the scale.</summary>
    Alpha,
}
