using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>The real engine, and matrices in the form in which it takes them.</summary>
internal static class TestEngine
{
    public static INumericEngine Torch { get; } = new NumericEngineLoader(BuildPaths.Torch).Engine;

    public static double[] SingularValues(LayerFactors layer) => Torch.Decompose(layer).SingularValues;

    public static StoredMatrix Store(Matrix matrix, SafetensorsDType dtype = SafetensorsDType.F32, string name = "matrix") =>
        new(name, SampleFile.Encode(matrix, dtype), dtype, matrix.Rows, matrix.Columns);

    public static LayerFactors Layer(Matrix up, Matrix down, double scale = 1, SafetensorsDType dtype = SafetensorsDType.F32) =>
        new(Store(up, dtype, "up"), Store(down, dtype, "down"), scale);

    public static LayerFactors Random(int rows, int rank, int columns, int seed)
    {
        var random = new Random(seed);
        return Layer(Matrix.Gaussian(rows, rank, random), Matrix.Gaussian(rank, columns, random), 0.25);
    }

    /// <summary>The exact decomposition of what the engine is given.</summary>
    public static JacobiSvd Exact(LayerFactors layer) =>
        JacobiSvd.OfProduct(PlainEngine.ToMatrix(layer.Up), PlainEngine.ToMatrix(layer.Down));

    /// <summary>What a loader makes of new factors.</summary>
    public static Matrix Effective(LayerFactors layer, TruncatedFactors factors, TruncationRequest request)
    {
        int kept = request.Kept.Count;
        Matrix up = PlainEngine.ToMatrix(new("up", factors.Up.Memory, request.DType, layer.Up.Rows, kept));
        Matrix down = PlainEngine.ToMatrix(new("down", factors.Down.Memory, request.DType, kept, layer.Down.Columns));
        return factors.Alpha / request.Rank * (up * down);
    }
}
