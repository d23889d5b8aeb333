namespace ResizeLora.Selection;

/// <summary>What a choice of singular values costs: bytes of the file that it makes, and the error of that file.</summary>
internal interface IOutputCosts
{
    /// <summary>Bytes of the whole file, to the byte.</summary>
    long FileLength(KeptValues kept);

    /// <summary>‖ΔW − ΔW′‖ / ‖ΔW‖ over all layers, with what rounding to the file's format is expected to add.</summary>
    double RelativeError(KeptValues kept);

    /// <summary>Bytes that a layer adds to the file at a rank, its part of the header included; but for digits of offsets, which depend on all layers.</summary>
    long LayerLength(int layer, int rank);

    /// <summary>The squared error of a layer that keeps no, one, two and so on of its largest singular values, with rounding.</summary>
    IReadOnlyList<double> SquaredErrors(int layer);
}
