using ResizeLora.Engine;
using ResizeLora.Safetensors;
using Xunit;

namespace ResizeLora.Testing;

/// <summary>
/// What every implementation of the numeric seam keeps to. Layers are made of known singular values and vectors, and results
/// are held against what they are defined by, so no decomposition has to be trusted.
/// </summary>
public abstract class NumericEngineContract
{
    private const double Exact = 1e-9;

    private static readonly double[] Spectrum = [5, 3, 2, 0.5, 0.25];

    public static TheoryData<string> Types => ["F64", "F32", "BF16", "F16", "F8_E4M3", "F8_E5M2"];

    public static TheoryData<string> OutputTypes => [.. ElementFormat.Outputs.Select(format => format.DType.ToString())];

    private protected abstract INumericEngine Engine { get; }

    [Theory]
    [InlineData(33, 17)]
    [InlineData(8, 40)]
    [InlineData(5, 5)]
    [InlineData(150, 141)]
    public void Singular_values_are_those_that_the_layer_was_made_of(int rows, int columns)
    {
        foreach (double scale in new[] { 1, -0.5, 1e-20 })
        {
            using LayerDecomposition decomposition = Engine.Decompose(Known(rows, columns) with { Scale = scale });
            AssertNear([.. Spectrum.Select(value => value * Math.Abs(scale))], decomposition.SingularValues, Exact * Math.Abs(scale));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Of_every_type_there_are_as_many_as_the_smallest_side_and_their_squares_add_up(string type)
    {
        foreach ((int rows, int rank, int columns) in new[] { (1, 1, 1), (13, 3, 7), (4, 9, 30), (30, 9, 4), (65, 31, 67) })
        {
            LayerFactors layer = Random(rows, rank, columns, type);
            using LayerDecomposition decomposition = Engine.Decompose(layer);
            double[] values = decomposition.SingularValues;
            Assert.Equal(Math.Min(rank, Math.Min(rows, columns)), values.Length);
            Assert.Equal(values.OrderDescending(), values);
            Assert.Equal(1, values.Sum(value => value * value) / SumOfSquares(Change(layer)), Exact);
        }
    }

    [Theory]
    [InlineData(9, 21)]
    [InlineData(21, 9)]
    public void A_full_weight_has_singular_values_too(int rows, int columns)
    {
        Matrix weight = Up(rows) * Down(columns);
        using LayerDecomposition decomposition = Engine.Decompose(LayerFactors.Of(Store("diff", weight), -2));
        AssertNear([.. Spectrum.Select(value => 2 * value), 0, 0, 0, 0], decomposition.SingularValues, 1e-6);
    }

    [Fact]
    public void A_layer_of_zeros_has_zeros()
    {
        using LayerDecomposition decomposition = Engine.Decompose(new LayerFactors(Store("up", new Matrix(7, 3)), Store("down", Matrix.Gaussian(3, 5, new Random(1))), 1));
        Assert.Equal(new double[3], decomposition.SingularValues);
    }

    [Theory]
    [MemberData(nameof(OutputTypes))]
    public void What_is_kept_is_what_belongs_to_the_kept_values(string type)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        foreach (int[] kept in new int[][] { [0, 1, 2, 3, 4], [0, 2], [4], [1, 3] })
        {
            foreach (double scale in new[] { 1, -3, 1e-7 })
            {
                var request = new TruncationRequest(kept, 0.5, dtype, HasAlpha: true);
                AssertKept(Known(33, 17) with { Scale = scale }, request);
                AssertKept(Known(33, 17) with { Scale = scale }, request with { Rank = 300 });
            }
        }

        AssertKept(Known(33, 17), new TruncationRequest([0, 1], 1, dtype, HasAlpha: false));
        AssertKept(Known(33, 17), new TruncationRequest([0, 1], 1, dtype, HasAlpha: true) { Rank = 257, AlphaIsRank = true });
    }

    [Theory]
    [MemberData(nameof(OutputTypes))]
    public void Alpha_is_the_rank_unless_it_has_to_differ(string type)
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        double free = Truncate(Known(33, 17), new TruncationRequest([0, 1, 2, 3], 1, dtype, HasAlpha: true)).Alpha;
        Assert.Equal(!dtype.Format().IsCoarse, free == 4);
        Assert.Equal(257, Truncate(Known(33, 17), new TruncationRequest([0], 1, dtype, HasAlpha: false) { Rank = 257 }).Alpha);
        double large = Truncate(Known(33, 17), new TruncationRequest([0], 1, dtype, HasAlpha: true) { Rank = 257, AlphaIsRank = true }).Alpha;
        Assert.Equal(SampleElement.Round(dtype.Format().Companion, 257), large);
        double tiny = Truncate(Known(33, 17) with { Scale = 1e-7 }, new TruncationRequest([0], 1, dtype, HasAlpha: true) { Rank = 16 }).Alpha;
        Assert.Equal(SampleElement.Round(dtype.Format().Companion, tiny), tiny);
        Assert.Equal(dtype.Format().IsNarrow, tiny < 16);
    }

    [Fact]
    public void Factors_are_balanced_and_signs_normalised()
    {
        LayerFactors layer = Random(33, 5, 17, "F32");
        using LayerDecomposition decomposition = Engine.Decompose(layer);
        (Matrix up, Matrix down, _) = Written(layer, new TruncationRequest([0, 1, 2, 3, 4], 1, SafetensorsDType.F32, HasAlpha: true));
        for (int k = 0; k < 5; k++)
        {
            double root = Math.Sqrt(decomposition.SingularValues[k]);
            double[] column = [.. Enumerable.Range(0, 33).Select(row => up[row, k])];
            Assert.True(column.MaxBy(Math.Abs) > 0);
            Assert.Equal(root, Root(33, row => column[row]), 1e-6);
            Assert.Equal(root, Root(17, i => down[k, i]), 1e-6);
        }
    }

    [Fact]
    public void A_basis_changes_no_bit()
    {
        LayerFactors layer = Random(40, 12, 30, "F16");
        var request = new TruncationRequest([0, 3, 11], 1, SafetensorsDType.F16, HasAlpha: true);
        using LayerDecomposition decomposition = Engine.Decompose(layer);
        AssertSame(Truncate(layer, request), Engine.Truncate(layer, decomposition.Basis, [request])[0]);
    }

    [Fact]
    public void Requests_are_answered_in_their_order_and_alike_from_any_thread()
    {
        LayerFactors layer = Random(40, 12, 30, "BF16");
        TruncationRequest[] requests =
        [
            new([1, 2], 1, SafetensorsDType.BF16, HasAlpha: true),
            new([0, 1, 2, 9], 2, SafetensorsDType.F16, HasAlpha: true),
            new([11], 1, SafetensorsDType.F16, HasAlpha: false),
        ];
        TruncatedFactors[] alone = [.. requests.Select(request => Truncate(layer, request))];
        Parallel.For(0, 4, _ =>
        {
            IReadOnlyList<TruncatedFactors> together = Engine.Truncate(layer, basis: null, requests);
            Assert.Equal(requests.Length, together.Count);
            for (int i = 0; i < requests.Length; i++)
                AssertSame(alone[i], together[i]);
        });
    }

    [Theory]
    [InlineData("F16", 1e30)]
    [InlineData("BF16", 1e200)]
    [InlineData("F32", 1e200)]
    public void What_the_type_can_not_hold_is_refused(string type, double scale) =>
        Assert.Throws<OverflowException>(() => Truncate(Known(33, 17) with { Scale = scale }, new TruncationRequest([0], 1, Enum.Parse<SafetensorsDType>(type), HasAlpha: true)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Subspace_norms_are_how_the_weight_meets_the_vectors(bool transposed)
    {
        // Made of the same vectors, W meets each pair with one of its own singular values.
        double[] values = [1, 7, 0.125, 2, 3];
        Matrix left = Vectors(33, 5);
        Matrix weight = left.Map((row, k) => left[row, k] * values[k]) * Vectors(17, 5).Transpose();
        StoredMatrix stored = transposed ? Store("w", weight.Transpose()) with { Transposed = true } : Store("w", weight);
        AssertNear(values, Engine.SubspaceNorms(Known(33, 17), basis: null, stored), Exact);
    }

    [Fact]
    public void Merged_norms_are_those_of_rows_and_of_groups_of_columns()
    {
        LayerFactors layer = Random(13, 3, 12, "F16") with { Scale = -0.5 };
        Matrix weight = Matrix.Gaussian(13, 12, new Random(2));
        Matrix merged = weight - (-1 * Change(layer));
        foreach (StoredMatrix stored in new[] { Store("w", weight), Store("w", weight.Transpose()) with { Transposed = true } })
        {
            AssertNear([.. Enumerable.Range(0, 13).Select(row => Root(12, column => merged[row, column]))], Engine.MergedNorms(stored, layer, 0), Exact);
            AssertNear([.. Enumerable.Range(0, 4).Select(group => Root(39, i => merged[i / 3, (group * 3) + (i % 3)]))], Engine.MergedNorms(stored, layer, 3), Exact);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Two_changes_are_as_far_apart_as_their_numbers(string type)
    {
        foreach ((int rows, int columns, int rank, int otherRank) in new[] { (33, 17, 4, 3), (17, 33, 5, 1), (9, 12, 7, 8), (1, 1, 1, 1), (260, 40, 6, 6) })
        {
            LayerFactors a = Random(rows, rank, columns, type);
            LayerFactors b = Random(rows, otherRank, columns, "F32") with { Scale = -0.5 };
            LayerFactors weight = LayerFactors.Of(Store("diff", Matrix.Gaussian(rows, columns, new Random(5)), type), 0.75);
            AssertDistance([a], [b], Exact);
            AssertDistance([a], [weight], Exact);
            AssertDistance([weight, a], [b, a], Exact);
            AssertDistance([a, b], [], Exact);
            AssertDistance([], [weight], Exact);
            AssertDistance([a with { Scale = 1e-200 }], [b with { Scale = 3e-200 }], Exact);
        }
    }

    [Theory]
    [InlineData(33, 17)]
    [InlineData(17, 33)]
    [InlineData(5, 5)]
    public void Nothing_is_lost_where_a_change_is_near_another_one(int rows, int columns)
    {
        Matrix left = Vectors(rows, 5);
        foreach (double share in new[] { 1e-1, 1e-4, 1e-7, 1e-10 })
        {
            // The same but for a small change of the last singular value; the factors are mixed, so that no number is the same.
            Matrix mixed = Matrix.Gaussian(5, 5, new Random(6));
            var inverse = JacobiSvd.Of(mixed);
            Matrix unmixed = inverse.Vt.Transpose() * inverse.U.Transpose().Map((k, column) => inverse.U[column, k] / inverse.Values[k]);
            Matrix changed = left.Map((row, k) => left[row, k] * (Spectrum[k] - (k == 4 ? share : 0)));
            LayerFactors near = new(Store("up", changed * mixed), Store("down", unmixed * Down(columns)), 1);
            ChangeDistance distance = Engine.Compare([Known(rows, columns)], [near]);
            Assert.Equal(1, distance.DifferenceNorm / share, 1e-14 / share);
            Assert.Equal(1, distance.Cosine, 1e-3);
        }
    }

    [Fact]
    public void A_change_is_not_far_from_itself()
    {
        LayerFactors layer = Random(40, 12, 30, "F16");
        LayerFactors same = layer with { Up = Store("up", PlainEngine.ToMatrix(layer.Up)), Down = Store("down", 2 * PlainEngine.ToMatrix(layer.Down)), Scale = 0.125 };
        foreach (LayerFactors other in new[] { layer, same })
            Assert.Equal((0, 1), (Engine.Compare([layer], [other]).DifferenceNorm, Math.Round(Engine.Compare([layer], [other]).Cosine, 12)));

        ChangeDistance opposite = Engine.Compare([layer], [layer with { Scale = -layer.Scale }]);
        Assert.Equal(-1, opposite.Cosine, Exact);
        Assert.Equal(2, opposite.DifferenceNorm / opposite.Norm, Exact);
    }

    [Fact]
    public void Of_a_change_of_zeros_there_is_no_direction()
    {
        LayerFactors layer = Random(9, 3, 7, "F32");
        ChangeDistance distance = Engine.Compare([layer], [new LayerFactors(Store("up", new Matrix(9, 2)), Store("down", new Matrix(2, 7)), 1)]);
        Assert.Equal((0, 0, 1), (distance.Norm, distance.Cosine, Math.Round(distance.DifferenceNorm / distance.ReferenceNorm, 12)));
    }

    [Theory]
    [InlineData(33, 17)]
    [InlineData(151, 139)]
    [InlineData(139, 151)]
    public void Norms_are_those_that_the_weight_was_made_of(int rows, int columns)
    {
        foreach (double magnitude in new[] { 1, 1e-25, 1e25 })
        {
            MatrixNorms norms = Engine.Norms(Store("w", magnitude * (Up(rows) * Down(columns))), CancellationToken.None);
            Assert.InRange(norms.Spectral / (5 * magnitude), 1 - MatrixNorms.SpectralTolerance, 1 + 1e-6);
            Assert.Equal(1, norms.Frobenius / magnitude / Math.Sqrt(Spectrum.Sum(value => value * value)), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Norms_are_of_the_numbers_that_are_stored(string type)
    {
        // A column of any numbers has its length as its only singular value.
        StoredMatrix weight = Store("w", Matrix.Gaussian(131, 1, new Random(3)) * new Matrix(1, 130).Map((_, _) => 0.5), type);
        Matrix numbers = PlainEngine.ToMatrix(weight);
        MatrixNorms norms = Engine.Norms(weight, CancellationToken.None);
        double length = Math.Sqrt(SumOfSquares(numbers));
        Assert.InRange(norms.Spectral / length, 1 - MatrixNorms.SpectralTolerance, 1 + 1e-6);
        Assert.Equal(1, norms.Frobenius / length, Exact);
        Assert.Equal(new MatrixNorms(0, 0), Engine.Norms(Store("w", new Matrix(140, 135), type), CancellationToken.None));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_number_that_is_none_is_refused_and_its_tensor_named(double number)
    {
        Matrix broken = Matrix.Gaussian(13, 7, new Random(4));
        broken[4, 2] = number;
        LayerFactors sound = Random(13, 4, 7, "F32");
        LayerFactors up = sound with { Up = Store("up", broken.SelectColumns([0, 1, 2, 3]), "F32") };
        Assert.Equal("up", Assert.Throws<NonFiniteException>(() => Engine.Decompose(up)).TensorName);
        Assert.Equal("up", Assert.Throws<NonFiniteException>(() => Truncate(up, new TruncationRequest([0], 1, SafetensorsDType.F32, HasAlpha: true))).TensorName);
        Assert.Equal("diff", Assert.Throws<NonFiniteException>(() => Engine.Decompose(LayerFactors.Of(Store("diff", broken), 1))).TensorName);
        Assert.Equal("w", Assert.Throws<NonFiniteException>(() => Engine.Norms(Store("w", broken), CancellationToken.None)).TensorName);
        Assert.Equal("w", Assert.Throws<NonFiniteException>(() => Engine.SubspaceNorms(sound, basis: null, Store("w", broken))).TensorName);
        Assert.Equal("up", Assert.Throws<NonFiniteException>(() => Engine.Compare([sound], [up])).TensorName);
        Assert.Equal("diff", Assert.Throws<NonFiniteException>(() => Engine.Compare([LayerFactors.Of(Store("diff", broken), 1)], [])).TensorName);
        Assert.Throws<NonFiniteException>(() => Engine.MergedNorms(Store("w", broken), sound, 0));
    }

    private TruncatedFactors Truncate(LayerFactors layer, TruncationRequest request) => Assert.Single(Engine.Truncate(layer, basis: null, [request]));

    private (Matrix Up, Matrix Down, double Alpha) Written(LayerFactors layer, TruncationRequest request)
    {
        TruncatedFactors factors = Truncate(layer, request);
        return (
            PlainEngine.ToMatrix(new("up", factors.Up.Memory, request.DType, layer.Up.Rows, request.Kept.Count)),
            PlainEngine.ToMatrix(new("down", factors.Down.Memory, request.DType, request.Kept.Count, layer.Down.Columns)),
            factors.Alpha);
    }

    /// <summary>Asserts that a loader makes of the new factors what the layer has for the kept values.</summary>
    private void AssertKept(LayerFactors layer, TruncationRequest request)
    {
        (Matrix up, Matrix down, double alpha) = Written(layer, request);
        Matrix left = Vectors((int)layer.Up.Rows, 5).SelectColumns(request.Kept);
        Matrix right = Vectors((int)layer.Down.Columns, 5).SelectColumns(request.Kept).Transpose();
        Matrix expected = left.Map((row, k) => left[row, k] * Spectrum[request.Kept[k]] * layer.Scale * request.Rescale) * right;
        double error = (expected - (alpha / request.Rank * (up * down))).FrobeniusNorm / expected.FrobeniusNorm;

        // The digits of the type, in each of two factors.
        Assert.True(error <= 2 * Math.ScaleB(1, -request.DType.Format().SignificantBits), $"{error:R} for {request.DType}");
        Assert.Equal(1, Truncate(layer, request).RoundingError / (expected - (alpha / request.Rank * (up * down))).FrobeniusNorm, 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void In_8_bits_a_few_large_values_and_many_small_ones_lose_less_than_without_a_rotation(int large)
    {
        Matrix left = Vectors(70, 12);
        LayerFactors layer = new(Store("up", left.Map((row, k) => left[row, k] * (k < large ? 1 : 1e-6))), Store("down", Vectors(90, 12).Transpose()), 0.5);
        TruncatedFactors factors = Truncate(layer, new TruncationRequest([.. Enumerable.Range(0, 12)], 1, SafetensorsDType.F8_E4M3, HasAlpha: true));
        Assert.True(factors.RoundingError < 0.0265 * Math.Sqrt(2 * large) * 0.5, $"{factors.RoundingError}");
    }

    /// <summary>Against sums over all entries.</summary>
    private void AssertDistance(LayerFactors[] reference, LayerFactors[] difference, double tolerance)
    {
        LayerFactors size = reference.Concat(difference).First();
        var zero = new Matrix((int)size.Up.Rows, (int)size.Down.Columns);
        Matrix a = reference.Select(Change).Aggregate(zero, (sum, term) => sum.Map((row, column) => sum[row, column] + term[row, column]));
        Matrix b = difference.Select(Change).Aggregate(zero, (sum, term) => sum.Map((row, column) => sum[row, column] + term[row, column]));
        double largest = Math.Max(a.LargestMagnitude, b.LargestMagnitude);
        double Dot(Matrix left, Matrix right) => Enumerable.Range(0, left.Rows * left.Columns).Sum(i => left[i / left.Columns, i % left.Columns] / largest * (right[i / left.Columns, i % left.Columns] / largest));
        double cosine = reference.Length == 0 || difference.Length == 0 ? 0 : Dot(a, b) / Math.Sqrt(Dot(a, a)) / Math.Sqrt(Dot(b, b));
        ChangeDistance distance = Engine.Compare(reference, difference);
        AssertNear(
            [Math.Sqrt(Dot(a, a)), Math.Sqrt(Dot(b, b)), Math.Sqrt(Dot(a - b, a - b)), cosine],
            [distance.ReferenceNorm / largest, distance.Norm / largest, distance.DifferenceNorm / largest, distance.Cosine],
            tolerance);
    }

    private static void AssertSame(TruncatedFactors expected, TruncatedFactors actual)
    {
        Assert.Equal(expected.Alpha, actual.Alpha);
        Assert.Equal(expected.Up.Span, actual.Up.Span);
        Assert.Equal(expected.Down.Span, actual.Down.Span);
    }

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }

    /// <summary>Orthonormal columns that are known: those of the discrete cosine transform.</summary>
    private static Matrix Vectors(int length, int count) => new Matrix(length, count).Map((row, k) =>
        Math.Sqrt((k == 0 ? 1.0 : 2.0) / length) * Math.Cos(Math.PI * k * (row + 0.5) / length));

    private static Matrix Up(int rows)
    {
        Matrix vectors = Vectors(rows, Spectrum.Length);
        return vectors.Map((row, k) => vectors[row, k] * Spectrum[k]);
    }

    private static Matrix Down(int columns) => Vectors(columns, Spectrum.Length).Transpose();

    private static LayerFactors Known(int rows, int columns) => new(Store("up", Up(rows)), Store("down", Down(columns)), 1);

    private static LayerFactors Random(int rows, int rank, int columns, string type)
    {
        var random = new Random(rows + columns);
        return new LayerFactors(Store("up", Matrix.Gaussian(rows, rank, random), type), Store("down", Matrix.Gaussian(rank, columns, random), type), 0.25);
    }

    private static StoredMatrix Store(string name, Matrix matrix, string type = "F64")
    {
        SafetensorsDType dtype = Enum.Parse<SafetensorsDType>(type);
        return new StoredMatrix(name, SampleFile.Encode(matrix, dtype), dtype, matrix.Rows, matrix.Columns);
    }

    private static Matrix Change(LayerFactors layer) => layer.Scale * (PlainEngine.ToMatrix(layer.Up) * PlainEngine.ToMatrix(layer.Down));

    private static double SumOfSquares(Matrix matrix) => matrix.FrobeniusNorm * matrix.FrobeniusNorm;

    private static double Root(int count, Func<int, double> number) => Math.Sqrt(Enumerable.Range(0, count).Sum(i => number(i) * number(i)));
}
