using ResizeLora.Engine;
using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// How far two changes of a weight are from each other. ΔA = L_A·R_A and ΔB = L_B·R_B have a common orthonormal basis of columns, Q of the QR
/// decomposition [L_A L_B] = Q·[T_A T_B]: so ‖ΔA − ΔB‖ = ‖T_A·R_A − T_B·R_B‖, which has as many rows as both have ranks. Numbers near
/// each other are subtracted before they are squared, so nothing is lost where ΔB is near ΔA.
/// </summary>
internal static class ChangeComparison
{
    /// <summary>Numbers of a product in memory at a time.</summary>
    private const long BlockSize = 1 << 21;

    public static ChangeDistance Of(TensorReader reader, IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference)
    {
        ChangeSum[] sides = [ChangeSum.Read(reader, reference), ChangeSum.Read(reader, difference)];
        bool areSame = sides[0].IsSame(sides[1]);
        long rank = sides.Sum(side => side.Rank);
        if (Array.TrueForAll(sides, side => side.HasFactors) && sides.Select(side => side.ShortSide).Any(side => rank < side))
            sides = InCommonBasis(sides);
        return Measure(sides[0], sides[1], areSame);
    }

    /// <summary>Both with T for L: the rows of the products are coordinates now.</summary>
    private static ChangeSum[] InCommonBasis(ChangeSum[] sides)
    {
        // The shorter side costs less to orthogonalise, and norms are those of the transposes.
        ChangeSum[] upright = [.. sides.Select(side => side.IsTall ? side.Transposed() : side)];
        (_, Tensor triangle) = linalg.qr(cat([.. upright.SelectMany(side => side.Terms).Select(term => term.Left!)], dim: 1), linalg.QRMode.R);
        long first = 0;
        return [.. upright.Select(side => side.With(InBasis))];

        // The basis is built column by column: a term has no part in what comes after its own columns.
        ProductTerm InBasis(ProductTerm term)
        {
            long rank = term.Left!.shape[1];
            long rows = Math.Min(first + rank, triangle.shape[0]);
            Tensor left = triangle.narrow(0, 0, rows).narrow(1, first, rank);
            first += rank;
            return new ProductTerm(left, term.Right);
        }
    }

    private static ChangeDistance Measure(ChangeSum reference, ChangeSum difference, bool areSame)
    {
        double scale = Math.Max(Math.Abs(reference.Scale), Math.Abs(difference.Scale));
        double[] shares = [.. new[] { reference.Scale, difference.Scale }.Select(factor => scale == 0 ? 0 : factor / scale)];
        double squaresOfReference = 0, squares = 0, squaresOfDifference = 0, product = 0;
        foreach ((long first, long count) in Blocks(reference, difference))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor? a = reference.Rows(first, count);
            Tensor? b = difference.Rows(first, count);
            double squaresOfA = Dot(a, a);
            double squaresOfB = Dot(b, b);
            squaresOfReference += squaresOfA;
            squares += squaresOfB;
            product += Dot(a, b);
            squaresOfDifference += a is null ? shares[1] * shares[1] * squaresOfB
                : b is null ? shares[0] * shares[0] * squaresOfA
                : SquaresOfDifference(a, shares[0], b, shares[1]);
        }

        double referenceNorm = Math.Sqrt(squaresOfReference);
        double norm = Math.Sqrt(squares);
        double cosine = Math.Sign(reference.Scale) * Math.Sign(difference.Scale) * (product == 0 ? 0 : product / referenceNorm / norm);
        return new ChangeDistance(
            Math.Abs(reference.Scale) * referenceNorm,
            Math.Abs(difference.Scale) * norm,
            areSame ? 0 : scale * Math.Sqrt(squaresOfDifference),
            Math.Clamp(cosine, -1, 1));
    }

    /// <summary>Blocks of rows, none of which is zero in one part for want of coordinates.</summary>
    private static IEnumerable<(long First, long Count)> Blocks(ChangeSum reference, ChangeSum difference)
    {
        long columns = Math.Max(reference.Columns, difference.Columns);
        long most = Math.Max(1, BlockSize / Math.Max(1, columns));
        long first = 0;
        foreach (long end in new[] { reference.RowCount, difference.RowCount }.Order())
        {
            for (; first < end; first += Math.Min(most, end - first))
                yield return (first, Math.Min(most, end - first));
        }
    }

    private static double Dot(Tensor? left, Tensor? right) => left is null || right is null ? 0 : left.flatten().dot(right.flatten()).item<double>();

    /// <summary>Overwrites both.</summary>
    private static double SquaresOfDifference(Tensor a, double shareOfA, Tensor b, double shareOfB)
    {
        Tensor difference = Scaled(a, shareOfA) - Scaled(b, shareOfB);
        return Dot(difference, difference);
    }

    private static Tensor Scaled(Tensor numbers, double factor) => factor == 1 ? numbers : numbers.mul_(tensor(factor, ScalarType.Float64, numbers.device));
}

/// <summary>A product; of a weight without factors only the right one, which is the weight.</summary>
internal sealed record ProductTerm(Tensor? Left, Tensor Right);

/// <summary>Scale times a sum of products of tensors, whose largest entries are near 1: so their squares stay in the range of numbers.</summary>
internal sealed record ChangeSum(IReadOnlyList<ProductTerm> Terms, double Scale)
{
    /// <summary>The reciprocals of smaller powers of two are infinite.</summary>
    private const int LeastExponent = -1000;

    public long Rank => Terms.Sum(term => term.Left?.shape[1] ?? 0);

    public bool HasFactors => Terms.All(term => term.Left is not null);

    public long RowCount => Terms.Select(RowsOf).DefaultIfEmpty().Max();

    public long Columns => Terms.Select(term => term.Right.shape[1]).FirstOrDefault();

    /// <summary>The smaller number of rows and columns; none of an empty sum.</summary>
    public long ShortSide => Math.Min(RowCount, Columns);

    public bool IsTall => RowCount > Columns;

    /// <exception cref="NonFiniteException">A factor contains NaN or infinity.</exception>
    public static ChangeSum Read(TensorReader reader, IReadOnlyList<LayerFactors> terms)
    {
        (ProductTerm Term, double Scale)[] read = [.. terms.Select(term => Read(reader, term))];
        double scale = read.Select(term => Math.Abs(term.Scale)).DefaultIfEmpty().Max();
        if (read is [var only])
            return new ChangeSum([only.Term], only.Scale);

        return new ChangeSum([.. read.Select(term => new ProductTerm(term.Term.Left, Scaled(term.Term.Right, scale == 0 ? 0 : term.Scale / scale)))], scale);
    }

    public ChangeSum With(Func<ProductTerm, ProductTerm> change) => this with { Terms = [.. Terms.Select(change)] };

    public ChangeSum Transposed() => With(term => new ProductTerm(term.Right.t(), term.Left!.t()));

    /// <summary>Whether the other one is the same in every number.</summary>
    public bool IsSame(ChangeSum other) => Scale == other.Scale && Terms.Count == other.Terms.Count && Terms.Zip(other.Terms).All(pair => IsSame(pair.First, pair.Second));

    /// <summary>Some rows of the sum, in memory of their own; null where all terms end above them.</summary>
    public Tensor? Rows(long first, long count)
    {
        Tensor? sum = null;
        foreach (ProductTerm term in Terms)
        {
            long rows = Math.Min(count, RowsOf(term) - first);
            if (rows <= 0)
                continue;

            Tensor product = term.Left is { } left ? left.narrow(0, first, rows).mm(term.Right) : term.Right.narrow(0, first, rows).clone();
            if (rows < count)
                product = cat([product, zeros(count - rows, Columns, ScalarType.Float64, product.device)]);
            sum = sum is null ? product : sum + product;
        }

        return sum;
    }

    private static long RowsOf(ProductTerm term) => (term.Left ?? term.Right).shape[0];

    private static bool IsSame(ProductTerm one, ProductTerm other) => AreEqual(one.Left, other.Left) && AreEqual(one.Right, other.Right);

    private static bool AreEqual(Tensor? one, Tensor? other) => one is null || other is null
        ? one is null && other is null
        : one.shape.SequenceEqual(other.shape) && one.eq(other).all().item<bool>();

    private static (ProductTerm Term, double Scale) Read(TensorReader reader, LayerFactors layer)
    {
        if (layer.Dense is { } weight)
        {
            (Tensor numbers, double size) = ReadNormalised(reader, weight);
            return (new ProductTerm(null, numbers), layer.Scale * size);
        }

        (Tensor left, double sizeOfLeft) = ReadNormalised(reader, layer.Up);
        (Tensor right, double sizeOfRight) = ReadNormalised(reader, layer.Down);
        return (new ProductTerm(left, right), layer.Scale * sizeOfLeft * sizeOfRight);
    }

    /// <summary>Divided by a power of two, so that nothing is rounded; the least numbers of all stay small.</summary>
    private static (Tensor Numbers, double Size) ReadNormalised(TensorReader reader, StoredMatrix matrix)
    {
        Tensor numbers = reader.Read(matrix, ScalarType.Float64);
        double largest = Math.Max(numbers.max().item<double>(), -numbers.min().item<double>());
        if (!double.IsFinite(largest))
            throw new NonFiniteException(matrix.Name);

        double size = largest == 0 ? 0 : Math.ScaleB(1, Math.Max(Math.ILogB(largest), LeastExponent));
        return (Scaled(numbers, size is 0 or 1 ? 1 : 1 / size), size);
    }

    private static Tensor Scaled(Tensor numbers, double factor) => factor == 1 ? numbers : numbers.mul_(tensor(factor, ScalarType.Float64, numbers.device));
}
