using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Kernels;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Kernels;

/// <summary>Each kernel beside plain loops: for every type that factors and weights may be stored as, and for sizes around those of its tiles and blocks.</summary>
public sealed class KernelTests
{
    public static TheoryData<string> Types => ["F64", "F32", "BF16", "F16", "F8_E4M3", "F8_E5M2"];

    [Theory]
    [MemberData(nameof(Types))]
    public void Gram_matrix_of_rows_is_the_sum_of_products(string type)
    {
        foreach ((int rank, int length) in Sizes())
        {
            StoredMatrix a = Random(rank, length, type);
            double[] gram = new double[rank * rank];
            GramMatrix.OfRows(a, gram);
            Matrix numbers = PlainEngine.ToMatrix(a);
            AssertNear(numbers * numbers.Transpose(), gram, rank, length, 1e-14);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Gram_matrix_of_columns_is_the_sum_of_products(string type)
    {
        foreach ((int rank, int length) in Sizes())
        {
            StoredMatrix b = Random(length, rank, type);
            double[] gram = new double[rank * rank];
            GramMatrix.OfColumns(b, gram);
            Matrix numbers = PlainEngine.ToMatrix(b);
            AssertNear(numbers.Transpose() * numbers, gram, rank, length, 1e-14);
        }
    }

    [Fact]
    public void Gram_matrix_is_symmetric_to_the_bit_and_ordinary_or_not()
    {
        double[] gram = new double[13 * 13];
        GramMatrix.OfRows(Random(13, 101, "F16"), gram);
        for (int row = 0; row < 13; row++)
        {
            for (int column = 0; column < 13; column++)
                Assert.Equal(gram[(row * 13) + column], gram[(column * 13) + row]);
        }

        Assert.True(GramMatrix.IsOrdinary(gram, 13));
        foreach (double odd in new[] { 0, 1e-260, 1e260, double.PositiveInfinity, double.NaN })
            Assert.False(GramMatrix.IsOrdinary([odd, 1, 1, odd], 2));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Thin_products_are_sums_of_products(string type)
    {
        foreach ((int count, int depth, int length) in ProductSizes())
        {
            Matrix small = Matrix.Gaussian(count, depth, new Random(count));
            using NumberMatrix<double> coefficients = Numbers(small);
            StoredMatrix down = Random(depth, length, type);
            StoredMatrix up = Random(length, depth, type);
            Matrix right = small * PlainEngine.ToMatrix(down);
            Matrix left = PlainEngine.ToMatrix(up) * small.Transpose();
            using (NumberMatrix<double> product = ThinProduct<double>.Of(coefficients, down))
                AssertNear(right, product, value => value, 1e-14, depth);
            using (NumberMatrix<double> product = ThinProduct<double>.OfTransposed(up, coefficients))
                AssertNear(left, product, value => value, 1e-14, depth);
            using (NumberMatrix<float> product = ThinProduct<float>.Of(coefficients, down))
                AssertNear(right, product, value => value, 1e-6, depth);
            using (NumberMatrix<float> product = ThinProduct<float>.OfTransposed(up, coefficients))
                AssertNear(left, product, value => value, 1e-6, depth);
        }
    }

    [Fact]
    public void A_thin_product_takes_numbers_too()
    {
        Matrix left = Matrix.Gaussian(7, 11, new Random(1));
        Matrix right = Matrix.Gaussian(11, 13, new Random(2));
        using NumberMatrix<double> coefficients = Numbers(left);
        using NumberMatrix<double> product = ThinProduct<double>.Of(coefficients, [.. Entries(right)], 13);
        AssertNear(left * right, product, value => value, 1e-14, 11);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F32")]
    public void A_stored_operator_is_the_matrix_times_its_transpose(string type)
    {
        foreach ((int rows, int columns) in new[] { (1, 1), (1, 9), (3, 7), (4, 8), (5, 16), (131, 77), (64, 131), (258, 129) })
        {
            foreach (double magnitude in new[] { 1, 1e-3, 1e4 })
            {
                StoredMatrix stored = TestEngine.Store(magnitude * Matrix.Gaussian(rows, columns, new Random(rows)), Enum.Parse<SafetensorsDType>(type));
                Matrix w = PlainEngine.ToMatrix(stored);
                double norm = w.FrobeniusNorm;
                using StoredOperator kernel = StoredOperator.Of(stored, norm)!;
                Assert.Equal((rows, columns), (kernel.Rows, kernel.Columns));
                Matrix vectors = Matrix.Gaussian(columns, 2, new Random(3));
                (double[] first, double[] second) = kernel.Apply(Column(vectors, 0), Column(vectors, 1));
                Matrix expected = (1 / norm / norm) * (w.Transpose() * (w * vectors));
                AssertVector(Column(expected, 0), first);
                AssertVector(Column(expected, 1), second);
            }
        }
    }

    [Theory]
    [InlineData("F64")]
    [InlineData("F8_E4M3")]
    public void Rarer_types_have_no_stored_operator(string type) => Assert.Null(StoredOperator.Of(Random(4, 4, type), 1));

    [Theory]
    [MemberData(nameof(Types))]
    public void Frobenius_norm_is_the_root_of_the_sum_of_squares(string type)
    {
        foreach ((int rows, int columns) in new[] { (1, 1), (3, 5), (1, 4097), (65, 127) })
        {
            StoredMatrix matrix = Random(rows, columns, type);
            Assert.Equal(1, FrobeniusNorm.Of(matrix) / PlainEngine.ToMatrix(matrix).FrobeniusNorm, 1e-14);
        }
    }

    private static IEnumerable<(int Rank, int Length)> Sizes()
    {
        int[] ranks = [1, 2, 3, 4, 5, 11, 12, 13, 31];
        int[] lengths = [1, 7, 63, 64, 65, 257];
        return ranks.SelectMany(rank => lengths.Select(length => (rank, length))).Concat([(97, 150), (12, 1031), (150, 33)]);
    }

    private static IEnumerable<(int Count, int Depth, int Length)> ProductSizes() =>
        [(1, 1, 1), (2, 3, 5), (5, 1, 7), (6, 6, 8), (7, 5, 16), (8, 13, 17), (12, 12, 47), (13, 16, 48), (17, 31, 49), (3, 64, 259), (31, 33, 301), (2, 700, 97)];

    private static StoredMatrix Random(int rows, int columns, string type) =>
        TestEngine.Store(Matrix.Gaussian(rows, columns, new Random((1000 * rows) + columns)), Enum.Parse<SafetensorsDType>(type));

    private static NumberMatrix<double> Numbers(Matrix matrix)
    {
        var numbers = new NumberMatrix<double>(matrix.Rows, matrix.Columns, matrix.Rows, matrix.Columns);
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int column = 0; column < matrix.Columns; column++)
                numbers.Row(row)[column] = matrix[row, column];
        }

        return numbers;
    }

    private static IEnumerable<double> Entries(Matrix matrix) =>
        Enumerable.Range(0, matrix.Rows).SelectMany(row => Enumerable.Range(0, matrix.Columns).Select(column => matrix[row, column]));

    private static double[] Column(Matrix matrix, int column) => [.. Enumerable.Range(0, matrix.Rows).Select(row => matrix[row, column])];

    /// <summary>Asserts that sums of so many terms are right but for rounding.</summary>
    private static void AssertNear(Matrix expected, double[] actual, int columns, int terms, double precision)
    {
        double tolerance = precision * terms * Math.Max(1, expected.LargestMagnitude);
        for (int i = 0; i < actual.Length; i++)
            Assert.Equal(expected[i / columns, i % columns], actual[i], tolerance);
    }

    private static void AssertNear<T>(Matrix expected, NumberMatrix<T> actual, Func<T, double> number, double precision, int terms)
        where T : unmanaged
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        double[] numbers = [.. Enumerable.Range(0, actual.Rows).SelectMany(row => actual.Row(row).ToArray()).Select(number)];
        AssertNear(expected, numbers, expected.Columns, terms, precision);
    }

    /// <summary>Asserts that a vector is right to single precision.</summary>
    private static void AssertVector(double[] expected, double[] actual)
    {
        double length = Math.Sqrt(expected.Sum(value => value * value));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 3e-6 * length);
    }
}
