using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>One Lanczos iteration on WᵀW: its orthonormal vectors, in double precision, and its tridiagonal matrix.</summary>
internal sealed class LanczosRun
{
    /// <summary>Below this share of the largest entry, what is left of a new vector is noise of single precision.</summary>
    private const double Negligible = 1e-7;

    private readonly List<double[]> _vectors;

    /// <summary>Starts from a random direction.</summary>
    public LanczosRun(int size, Random random)
    {
        double[] start = new double[size];
        for (int i = 0; i < start.Length; i++)
            start[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

        DoubleVector.Scale(start, 1 / DoubleVector.Norm(start));
        _vectors = [start];
    }

    public Tridiagonal Tridiagonal { get; } = new();

    /// <summary>The newest vector, to which WᵀW is to be applied.</summary>
    public double[] Vector => _vectors[^1];

    /// <summary>Takes WᵀW times the newest vector; false when the Krylov space is exhausted, and its Ritz values are exact.</summary>
    public bool Add(double[] next)
    {
        double diagonal = DoubleVector.Dot(next, Vector);
        double link = Orthogonalise(next);
        Tridiagonal.Add(diagonal, link);
        if (link <= Negligible * Tridiagonal.Scale)
            return false;

        DoubleVector.Scale(next, 1 / link);
        _vectors.Add(next);
        return true;
    }

    /// <summary>Classical Gram–Schmidt, again where it took most of the vector away: twice is enough (Giraud, Langou, Rozložník 2005).</summary>
    private double Orthogonalise(double[] vector)
    {
        // What the three-term recurrence takes out leaves little for the pass over all.
        foreach (double[] earlier in _vectors.TakeLast(2))
            DoubleVector.AddScaled(vector, -DoubleVector.Dot(vector, earlier), earlier);

        double norm = DoubleVector.Norm(vector);
        for (int pass = 0; pass < 2; pass++)
        {
            double before = norm;
            double[] components = [.. _vectors.Select(earlier => DoubleVector.Dot(vector, earlier))];
            for (int i = 0; i < components.Length; i++)
                DoubleVector.AddScaled(vector, -components[i], _vectors[i]);
            norm = DoubleVector.Norm(vector);
            if (norm > before / 2)
                break;
        }

        return norm;
    }
}
