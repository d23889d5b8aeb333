namespace ResizeLora.Testing;

/// <summary>A plain float64 matrix: slow, simple, and independent of the product's numerics.</summary>
internal sealed class Matrix(int rows, int columns)
{
    private readonly double[] _values = new double[rows * columns];

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public double this[int row, int column]
    {
        get => _values[row * Columns + column];
        set => _values[row * Columns + column] = value;
    }

    public double FrobeniusNorm => Math.Sqrt(_values.Sum(value => value * value));

    public double LargestMagnitude => _values.Max(Math.Abs);

    /// <summary>Independent standard normal entries.</summary>
    public static Matrix Gaussian(int rows, int columns, Random random)
    {
        var matrix = new Matrix(rows, columns);
        for (int i = 0; i < matrix._values.Length; i++)
            matrix._values[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return matrix;
    }

    public static Matrix operator *(Matrix left, Matrix right)
    {
        var product = new Matrix(left.Rows, right.Columns);
        for (int i = 0; i < left.Rows; i++)
        {
            Span<double> target = product._values.AsSpan(i * right.Columns, right.Columns);
            for (int k = 0; k < left.Columns; k++)
            {
                double factor = left[i, k];
                ReadOnlySpan<double> source = right._values.AsSpan(k * right.Columns, right.Columns);
                for (int j = 0; j < target.Length; j++)
                    target[j] += factor * source[j];
            }
        }

        return product;
    }

    public static Matrix operator *(double factor, Matrix matrix) => matrix.Map((row, column) => factor * matrix[row, column]);

    public static Matrix operator -(Matrix left, Matrix right) => left.Map((row, column) => left[row, column] - right[row, column]);

    public Matrix Transpose()
    {
        var transpose = new Matrix(Columns, Rows);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
                transpose[j, i] = this[i, j];
        }

        return transpose;
    }

    /// <summary>Some columns, in the given order.</summary>
    public Matrix SelectColumns(IReadOnlyList<int> columns)
    {
        var selection = new Matrix(Rows, columns.Count);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < columns.Count; j++)
                selection[i, j] = this[i, columns[j]];
        }

        return selection;
    }

    public Matrix Map(Func<int, int, double> value)
    {
        var mapped = new Matrix(Rows, Columns);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
                mapped[i, j] = value(i, j);
        }

        return mapped;
    }
}
