using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>The numeric seam without libtorch, and a count of the work that was asked of it.</summary>
internal sealed class PlainEngine : INumericEngine
{
    private int _decompositions;
    private int _norms;

    /// <summary>How many layers were decomposed for their singular values.</summary>
    public int Decompositions => _decompositions;

    /// <summary>How many base layers had their norms computed.</summary>
    public int NormComputations => _norms;

    public LayerDecomposition Decompose(LayerFactors layer)
    {
        Interlocked.Increment(ref _decompositions);
        return new LayerDecomposition([.. Svd(layer).Values.Select(value => value * Math.Abs(layer.Scale))], Basis: null);
    }

    public double[] SubspaceNorms(LayerFactors layer, SingularBasis? basis, StoredMatrix weight)
    {
        JacobiSvd svd = Svd(layer);
        Matrix w = ToMatrix(weight);
        Matrix products = svd.U.Transpose() * w * svd.Vt.Transpose();
        return [.. Enumerable.Range(0, svd.Values.Length).Select(i => Math.Abs(products[i, i]))];
    }

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        JacobiSvd svd = Svd(layer);
        return [.. requests.Select(request => Truncate(svd, layer.Scale, request))];
    }

    public double[] MergedNorms(StoredMatrix weight, LayerFactors layer, long groupSize)
    {
        Matrix merged = ToMatrix(weight) - -layer.Scale * (ToMatrix(layer.Up) * ToMatrix(layer.Down));
        double[] squares = new double[groupSize == 0 ? merged.Rows : merged.Columns / (int)groupSize];
        merged.Map((row, column) => squares[groupSize == 0 ? row : column / (int)groupSize] += merged[row, column] * merged[row, column]);
        return [.. squares.Select(Math.Sqrt)];
    }

    public ChangeDistance Compare(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference)
    {
        LayerFactors size = reference.Concat(difference).First();
        Matrix[] changes = [.. new[] { reference, difference }.Select(terms => terms
            .Select(term => term.Scale * (ToMatrix(term.Up) * ToMatrix(term.Down)))
            .Aggregate(new Matrix((int)size.Up.Rows, (int)size.Down.Columns), (sum, term) => sum - (-1 * term)))];
        double largest = Math.Max(changes[0].LargestMagnitude, changes[1].LargestMagnitude);
        if (largest == 0)
            return new ChangeDistance(0, 0, 0, 0);

        Matrix a = changes[0].Map((row, column) => changes[0][row, column] / largest);
        Matrix b = changes[1].Map((row, column) => changes[1][row, column] / largest);
        double product = 0;
        a.Map((row, column) => product += a[row, column] * b[row, column]);
        double norms = a.FrobeniusNorm * b.FrobeniusNorm;
        return new ChangeDistance(largest * a.FrobeniusNorm, largest * b.FrobeniusNorm, largest * (a - b).FrobeniusNorm, norms == 0 ? 0 : product / norms);
    }

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _norms);
        Matrix w = ToMatrix(weight);
        return new MatrixNorms(JacobiSvd.Of(w).Values[0], w.FrobeniusNorm);
    }

    public static Matrix ToMatrix(StoredMatrix stored)
    {
        if (stored.IsIdentity)
            return new Matrix((int)stored.Rows, (int)stored.Columns).Map((row, column) => row == column ? 1 : 0);

        int size = stored.DType.Format().Size;
        var matrix = new Matrix((int)stored.Rows, (int)stored.Columns);
        for (int i = 0; i < stored.Rows * stored.Columns; i++)
        {
            double value = SampleElement.Read(stored.DType, stored.Bytes.Span[(i * size)..]);
            matrix[i / (int)stored.Columns, i % (int)stored.Columns] = double.IsFinite(value) ? value : throw new NonFiniteException(stored.Name);
        }

        return stored.Transposed ? matrix.Transpose() : matrix;
    }

    private static JacobiSvd Svd(LayerFactors layer) => JacobiSvd.OfProduct(ToMatrix(layer.Up), ToMatrix(layer.Down));

    private static TruncatedFactors Truncate(JacobiSvd svd, double scale, TruncationRequest request)
    {
        Matrix up = svd.U.SelectColumns(request.Kept);
        Matrix down = svd.Vt.Transpose().SelectColumns(request.Kept).Transpose();
        double[] signs = [.. Enumerable.Range(0, up.Columns).Select(k => (double)Math.Sign(Enumerable.Range(0, up.Rows).Select(row => up[row, k]).MaxBy(Math.Abs)))];
        double root(int k) => Math.Sqrt(svd.Values[request.Kept[k]] * Math.Abs(scale) * request.Rescale) * signs[k];
        up = up.Map((row, k) => up[row, k] * root(k) * Math.Sign(scale));
        down = down.Map((k, column) => down[k, column] * root(k));
        if (request.DType == SafetensorsDType.F8_E4M3)
            return Float8(up, down, request);

        double alpha = Alpha(request, up, down);
        double multiplier = Math.Sqrt(request.Rank / alpha);
        return Encode(up, down, multiplier, multiplier, alpha, request);
    }

    /// <summary>The better one of the factors as they are and in Hartley's basis of rank space, each raised or lowered by powers of two to entries of about 4.</summary>
    private static TruncatedFactors Float8(Matrix up, Matrix down, TruncationRequest request)
    {
        int rank = up.Columns;
        Matrix hartley = new Matrix(rank, rank).Map((i, j) => (Math.Cos(2 * Math.PI * i * j / rank) + Math.Sin(2 * Math.PI * i * j / rank)) / Math.Sqrt(rank));
        bool isFree = request is { HasAlpha: true, AlphaIsRank: false };
        return new[] { (up, down), (up * hartley, hartley * down) }
            .Select(pair => (Up: pair.Item1, Down: pair.Item2, UpScale: isFree ? Scale(pair.Item1) : 1, DownScale: isFree ? Scale(pair.Item2) : 1))
            .Select(pair => Encode(pair.Up, pair.Down, pair.UpScale, pair.DownScale, request.Rank / (pair.UpScale * pair.DownScale), request))
            .MinBy(factors => factors.RoundingError)!;

        static double Scale(Matrix factor)
        {
            double scale = 1;
            double entry = factor.FrobeniusNorm / Math.Sqrt(factor.Rows * factor.Columns);
            while (entry * scale < 3)
                scale *= 2;
            while (entry * scale > 6 || factor.LargestMagnitude * scale > 448)
                scale /= 2;
            return scale;
        }
    }

    /// <summary>The factors as their type holds them, and how far a loader's product is from theirs.</summary>
    private static TruncatedFactors Encode(Matrix up, Matrix down, double upScale, double downScale, double alpha, TruncationRequest request)
    {
        // An alpha that its type can't hold would lose the layer.
        if (SampleElement.Round(request.DType.Format().Companion, alpha) is 0 or double.PositiveInfinity)
            throw new OverflowException();

        PooledBytes upBytes = Encode(upScale * up, request.DType);
        PooledBytes downBytes = Encode(downScale * down, request.DType);
        Matrix upRead = (1 / upScale) * ToMatrix(new("up", upBytes.Memory, request.DType, up.Rows, up.Columns));
        Matrix downRead = (1 / downScale) * ToMatrix(new("down", downBytes.Memory, request.DType, down.Rows, down.Columns));

        // (U + δU) · (D + δD) - U · D = [δU, U + δU] · [D; δD], whose norm needs only the small products of each side with itself.
        int rank = up.Columns;
        Matrix left = new Matrix(up.Rows, 2 * rank).Map((row, k) => k < rank ? upRead[row, k] - up[row, k] : upRead[row, k - rank]);
        Matrix right = new Matrix(2 * rank, down.Columns).Map((k, column) => k < rank ? down[k, column] : downRead[k - rank, column] - down[k - rank, column]);
        (Matrix leftGram, Matrix rightGram) = (left.Transpose() * left, right * right.Transpose());
        double square = Enumerable.Range(0, 2 * rank).Sum(i => Enumerable.Range(0, 2 * rank).Sum(j => leftGram[i, j] * rightGram[i, j]));
        return new TruncatedFactors(upBytes, downBytes, alpha, Math.Sqrt(Math.Max(0, square)));
    }

    /// <summary>
    /// The rank as the type holds it; in half precision divided or multiplied by four as often as it takes to bring all
    /// columns to where the type has its digits, as far as alpha and the largest entries allow.
    /// </summary>
    private static double Alpha(TruncationRequest request, Matrix up, Matrix down)
    {
        double rank = request.Rank;
        if (!request.HasAlpha)
            return rank;
        if (request.DType != SafetensorsDType.F16 || request.AlphaIsRank)
            return SampleElement.Round(request.DType, rank);

        double[] columns = [.. Enumerable.Range(0, up.Columns).Select(k => Math.Max(
            Enumerable.Range(0, up.Rows).Max(row => Math.Abs(up[row, k])),
            Enumerable.Range(0, down.Columns).Max(column => Math.Abs(down[k, column]))))];
        double least = 1.0 / (1 << 9);
        double greatest = 1 << 15;
        double factor = 1;
        while (columns.Min() * factor < least && columns.Max() * factor * 2 < greatest && rank / (factor * factor * 4) > 1.0 / (1 << 14))
            factor *= 2;
        while (columns.Max() * factor >= greatest && rank / (factor * factor / 4) < greatest)
            factor /= 2;
        return SampleElement.Round(request.DType, rank / (factor * factor));
    }

    private static PooledBytes Encode(Matrix factor, SafetensorsDType dtype)
    {
        // As the contract wants it: what the type can't hold is no infinity but an error.
        factor.Map((row, column) => double.IsFinite(SampleElement.Round(dtype, factor[row, column])) ? 0 : throw new OverflowException());
        return PooledBytes.Copy(SampleFile.Encode(factor, dtype));
    }
}
