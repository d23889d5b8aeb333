using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>
/// ΔW = Scale · (Left ⊗ Right). Its singular values are the products of its factors' singular values, and its singular
/// vectors the Kronecker products of theirs. The factors are small; vectors of the product, which are not, are made for
/// what is wanted only.
/// </summary>
internal sealed record KroneckerFactors(LayerFactors Left, LayerFactors Right, double Scale) : WeightChange(Scale)
{
    /// <summary>How many vectors are made at a time where all are wanted, one after the other.</summary>
    private const int BlockSize = 256;

    /// <inheritdoc/>
    public override LayerDecomposition Decompose(INumericEngine engine) =>
        new([.. Pairs(engine).Select(pair => pair.Value * Math.Abs(Scale))], Basis: null);

    /// <inheritdoc/>
    public override double[] SubspaceNorms(INumericEngine engine, SingularBasis? basis, StoredMatrix weight)
    {
        Pair[] pairs = Pairs(engine);
        double[] norms = new double[pairs.Length];
        int count = pairs.Count(pair => pair.Value > 0);
        for (int first = 0; first < count; first += BlockSize)
        {
            using var part = new Part(engine, this, pairs[first..Math.Min(count, first + BlockSize)]);
            engine.SubspaceNorms(part.Factors, part.Basis, weight).CopyTo(norms, first);
        }

        return norms;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TruncatedFactors> Truncate(INumericEngine engine, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        Pair[] pairs = Pairs(engine);
        List<int> indices = [.. requests.SelectMany(request => request.Kept).Distinct().Order()];
        using var part = new Part(engine, this, [.. indices.Select(index => pairs[index])]);
        return engine.Truncate(part.Factors, part.Basis, [.. requests.Select(request => request with { Kept = [.. request.Kept.Select(index => indices.BinarySearch(index))] })]);
    }

    /// <inheritdoc/>
    public override LayerFactors ToFactors(Func<NumberTable, StoredMatrix> store) => new(
        store(Product(Left.Up, Right.Up)),
        store(Product(Left.Down, Right.Down)),
        Scale);

    /// <summary>The singular values of the product, descending; equal ones by position, so that the order is repeatable.</summary>
    private Pair[] Pairs(INumericEngine engine)
    {
        using LayerDecomposition left = engine.Decompose(Left);
        using LayerDecomposition right = engine.Decompose(Right);
        return
        [
            .. left.SingularValues
                .SelectMany((first, i) => right.SingularValues.Select((second, j) => new Pair(i, j, first * second)))
                .OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Left)
                .ThenBy(pair => pair.Right),
        ];
    }

    private static NumberTable Product(StoredMatrix leftFactor, StoredMatrix rightFactor)
    {
        using NumberTable left = NumberTable.Of(leftFactor);
        using NumberTable right = NumberTable.Of(rightFactor);
        var product = new NumberTable(checked(left.Rows * right.Rows), checked(left.Columns * right.Columns));
        for (int row = 0; row < product.Rows; row++)
        {
            ReadOnlySpan<double> first = left.Row(row / right.Rows);
            ReadOnlySpan<double> second = right.Row(row % right.Rows);
            Multiply(first, second, product.Row(row));
        }

        return product;
    }

    /// <summary>The Kronecker product of two rows.</summary>
    private static void Multiply(ReadOnlySpan<double> first, ReadOnlySpan<double> second, Span<double> product)
    {
        for (int i = 0; i < first.Length; i++)
        {
            for (int j = 0; j < second.Length; j++)
                product[i * second.Length + j] = first[i] * second[j];
        }
    }

    /// <param name="Left">Which singular value of the left factor.</param>
    /// <param name="Right">Which one of the right factor.</param>
    /// <param name="Value">Their product, without the layer's scale.</param>
    private sealed record Pair(int Left, int Right, double Value);

    /// <summary>The part of the product that belongs to some singular values, as balanced factors.</summary>
    private sealed class Part : IDisposable
    {
        private readonly NumberTable _up;
        private readonly NumberTable _down;

        public Part(INumericEngine engine, KroneckerFactors layer, Pair[] pairs)
        {
            using var left = new Vectors(engine, layer.Left, pairs.Select(pair => pair.Left));
            using var right = new Vectors(engine, layer.Right, pairs.Select(pair => pair.Right));
            using NumberTable columns = Products(left.Up, right.Up, pairs, left, right);
            _up = columns.Transpose();
            _down = Products(left.Down, right.Down, pairs, left, right);
            Factors = new LayerFactors(_up.Store(layer.Left.Up.Name), _down.Store(layer.Left.Down.Name), layer.Scale);

            // The vectors are known already: U·√Σ and √Σ·Vᵀ have the basis X = √Σ and G = Σ.
            Basis = pairs.All(pair => pair.Value > 0) ? BasisOf([.. pairs.Select(pair => pair.Value)]) : null;
        }

        public LayerFactors Factors { get; }

        public SingularBasis? Basis { get; }

        public void Dispose()
        {
            _up.Dispose();
            _down.Dispose();
            Basis?.Dispose();
        }

        private static NumberTable Products(NumberTable first, NumberTable second, Pair[] pairs, Vectors left, Vectors right)
        {
            var products = new NumberTable(pairs.Length, checked(first.Columns * second.Columns));
            for (int i = 0; i < pairs.Length; i++)
                Multiply(first.Row(left.PositionOf(pairs[i].Left)), second.Row(right.PositionOf(pairs[i].Right)), products.Row(i));
            return products;
        }

        private static SingularBasis BasisOf(double[] values)
        {
            int rank = values.Length;
            var coefficients = new NumberBuffer(rank * rank);
            var gram = new NumberBuffer(rank * rank);
            coefficients.Span.Clear();
            gram.Span.Clear();
            for (int i = 0; i < rank; i++)
            {
                coefficients.Span[i * rank + i] = Math.Sqrt(values[i]);
                gram.Span[i * rank + i] = values[i];
            }

            return new SingularBasis(values, coefficients, gram, [.. values.Select(Math.Sqrt)]);
        }
    }

    /// <summary>(U·√Σ)ᵀ and √Σ·Vᵀ of some singular values of a factor.</summary>
    private sealed class Vectors : IDisposable
    {
        private readonly List<int> _indices;

        public Vectors(INumericEngine engine, LayerFactors factor, IEnumerable<int> indices)
        {
            _indices = [.. indices.Distinct().Order()];
            var request = new TruncationRequest(_indices, 1, SafetensorsDType.F64, HasAlpha: false);
            using TruncatedFactors factors = engine.Truncate(factor, basis: null, [request])[0];
            using NumberTable up = NumberTable.Of(Stored(factor.Up.Name, factors.Up, factor.Up.Rows));
            Up = up.Transpose();
            Down = NumberTable.Of(Stored(factor.Down.Name, factors.Down, _indices.Count));
        }

        public NumberTable Up { get; }

        public NumberTable Down { get; }

        private static StoredMatrix Stored(string name, PooledBytes bytes, long rows) =>
            new(name, bytes.Memory, SafetensorsDType.F64, rows, bytes.Memory.Length / sizeof(double) / rows);

        public int PositionOf(int index) => _indices.BinarySearch(index);

        public void Dispose()
        {
            Up.Dispose();
            Down.Dispose();
        }
    }
}
