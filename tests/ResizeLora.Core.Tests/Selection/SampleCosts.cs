using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>What choices cost, as a test says; nothing else may be asked.</summary>
internal sealed class SampleCosts(Func<KeptValues, long> fileLength) : IOutputCosts
{
    public Func<KeptValues, double> Error { get; init; } = _ => throw new InvalidOperationException("No error is asked for.");

    public Func<int, int, long> Layer { get; init; } = (_, _) => throw new InvalidOperationException("No layer's length is asked for.");

    public double[][] Errors { get; init; } = [];

    public long FileLength(KeptValues kept) => fileLength(kept);

    public double RelativeError(KeptValues kept) => Error(kept);

    public long LayerLength(int layer, int rank) => Layer(layer, rank);

    public IReadOnlyList<double> SquaredErrors(int layer) => Errors[layer];
}
