namespace ResizeLora.Engine;

/// <summary>
/// A change of basis in rank space for coarse formats: Up·R and R⁻¹·Down are the same product, but each column carries an equal share
/// of it. An error in a column is then multiplied by an average of σ instead of by its own σ, which makes the error smaller by
/// (Σσ)² / (k·Σσ²), unless all σ are equal.
/// </summary>
/// <remarks>
/// R = Q·C. Q is Hartley's matrix, cas(2πij/k)/√k with cas x = cos x + sin x: orthogonal, symmetric, there for each rank, and its
/// entries are alike. Where one σ is much larger than the others, Q alone makes all columns equal up to sign, and so are their rounding
/// errors, which then add up instead of averaging out. So C multiplies each column by another number between √½ and √2, which
/// shifts all entries against the places where the format has its numbers.
/// </remarks>
internal sealed class RankRotation
{
    /// <summary>The golden ratio: its multiples, less their whole part, are spread evenly, however many there are.</summary>
    private const double Golden = 0.6180339887498949;

    private readonly double[] _cosines;
    private readonly double[] _sines;

    /// <param name="rank">k.</param>
    public RankRotation(int rank)
    {
        Rank = rank;
        _cosines = [.. Enumerable.Range(0, rank).Select(i => Math.Cos(2 * Math.PI * i / rank))];
        _sines = [.. Enumerable.Range(0, rank).Select(i => Math.Sin(2 * Math.PI * i / rank))];
        Stretch = [.. Enumerable.Range(0, rank).Select(i => Math.Pow(2, (Golden * (i + 0.5)) % 1 - 0.5))];
    }

    /// <summary>k.</summary>
    public int Rank { get; }

    /// <summary>The diagonal of C.</summary>
    public IReadOnlyList<double> Stretch { get; }

    /// <summary>What a rotation is expected to leave of the square of the error: (Σσ)² / (k·Σσ²).</summary>
    public static double ExpectedShare(double[] values)
    {
        double sum = values.Sum();
        double squares = values.Sum(value => value * value);
        return squares > 0 ? sum * (sum / values.Length) / squares : 1;
    }

    /// <summary>Rᵀ, k × k in row order: what the transpose of Up is multiplied by from the left.</summary>
    public double[] ForUp() => Matrix(row => Stretch[row]);

    /// <summary>R⁻¹, k × k in row order: what Down is multiplied by from the left.</summary>
    public double[] ForDown() => Matrix(row => 1 / Stretch[row]);

    /// <summary>
    /// QᵀΣQ, k × k in row order: C times this times C is the Gram matrix of the columns of U·√Σ·R. As cas(x)·cas(y) = cos(x−y) + sin(x+y), each
    /// entry is the sum of two of 2k numbers.
    /// </summary>
    /// <param name="diagonal">Σ.</param>
    public double[] Gram(IReadOnlyList<double> diagonal)
    {
        double[] cosines = new double[Rank];
        double[] sines = new double[Rank];
        for (int shift = 0; shift < Rank; shift++)
        {
            (double cosine, double sine) = (0, 0);
            for (int i = 0, turn = 0; i < Rank; i++, turn = Next(turn, shift))
            {
                cosine += diagonal[i] * _cosines[turn];
                sine += diagonal[i] * _sines[turn];
            }

            (cosines[shift], sines[shift]) = (cosine / Rank, sine / Rank);
        }

        double[] gram = new double[Rank * Rank];
        for (int row = 0; row < Rank; row++)
        {
            for (int column = 0; column < Rank; column++)
                gram[row * Rank + column] = cosines[Math.Abs(row - column)] + sines[Next(row, column)];
        }

        return gram;
    }

    private double[] Matrix(Func<int, double> stretch)
    {
        double[] matrix = new double[Rank * Rank];
        for (int row = 0; row < Rank; row++)
        {
            double factor = stretch(row) / Math.Sqrt(Rank);
            for (int column = 0, turn = 0; column < Rank; column++, turn = Next(turn, row))
                matrix[row * Rank + column] = factor * (_cosines[turn] + _sines[turn]);
        }

        return matrix;
    }

    /// <summary>So many parts of a circle further.</summary>
    private int Next(int turn, int step) => turn + step < Rank ? turn + step : turn + step - Rank;
}
