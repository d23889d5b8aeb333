namespace ResizeLora.Torch.Kernels;

/// <summary>A matrix W that is known by what WᵀW does to vectors.</summary>
internal interface INormalOperator
{
    /// <summary>Rows of W.</summary>
    int Rows { get; }

    /// <summary>Columns of W: the length of the vectors.</summary>
    int Columns { get; }

    /// <summary>Computes WᵀWv / ‖W‖_F² to single precision, for two vectors at once.</summary>
    (double[] First, double[] Second) Apply(double[] first, double[] second);
}
