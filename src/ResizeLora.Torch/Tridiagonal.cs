namespace ResizeLora.Torch.Numerics;

/// <summary>The symmetric tridiagonal matrix that a Lanczos iteration builds up: WᵀW seen from its Krylov space.</summary>
internal sealed class Tridiagonal
{
    /// <summary>Bisection halves its interval until this share of it is left.</summary>
    private const double Precision = 1e-13;

    private readonly List<double> _diagonal = [];

    /// <summary>For each entry of the diagonal, the one that links it to the next: the last points outside.</summary>
    private readonly List<double> _links = [];

    /// <summary>The largest entry so far: the scale of what is negligible.</summary>
    public double Scale { get; private set; }

    public void Add(double diagonal, double link)
    {
        _diagonal.Add(diagonal);
        _links.Add(link);
        Scale = Math.Max(Scale, Math.Max(Math.Abs(diagonal), link));
    }

    /// <summary>The largest eigenvalue, by bisection; <paramref name="atLeast"/> is a known lower bound.</summary>
    public double LargestEigenvalue(double atLeast)
    {
        double low = Math.Max(atLeast, _diagonal.Max());
        double high = Enumerable.Range(0, _diagonal.Count).Max(i => _diagonal[i] + Left(i) + (i + 1 < _diagonal.Count ? _links[i] : 0));
        while (high - low > Precision * high)
        {
            double middle = low + (high - low) / 2;
            if (IsBelow(middle))
                high = middle;
            else
                low = middle;
        }

        return low;
    }

    /// <summary>The Lanczos polynomial of the vector that comes next, at <paramref name="x"/>.</summary>
    public double NextPolynomial(double x)
    {
        double before = 0;
        double value = 1;
        for (int i = 0; i < _diagonal.Count; i++)
        {
            double next = ((x - _diagonal[i]) * value - Left(i) * before) / _links[i];
            before = value;
            value = next;
        }

        return value;
    }

    private double Left(int i) => i == 0 ? 0 : _links[i - 1];

    /// <summary>Whether all eigenvalues are below <paramref name="x"/>: then every pivot of T − x is negative (Sylvester's law of inertia).</summary>
    private bool IsBelow(double x)
    {
        double pivot = -1;
        for (int i = 0; i < _diagonal.Count; i++)
        {
            pivot = _diagonal[i] - x - Left(i) * Left(i) / pivot;
            if (pivot >= 0)
                return false;
        }

        return true;
    }
}
