using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>
/// The largest singular value of a matrix by Golub–Kahan–Lanczos bidiagonalisation with full reorthogonalisation.
/// It stops when a probabilistic upper bound shows that the Ritz value, which is always a lower bound, is near enough.
/// </summary>
/// <remarks>
/// The bound: M. Hochstenbach, Probabilistic upper bounds for the matrix two-norm, J. Sci. Comput. 57 (2013).
/// The Lanczos polynomial p_k has v_{k+1} = p_k(WᵀW) v₁, so p_k(σ₁²) ≤ 1 / |γ|, where γ is the component of the random
/// unit vector v₁ along the right singular vector of σ₁. |γ| is below δ only with probability δ·√(2n/π). Beyond its
/// largest zero, the Ritz value squared, p_k grows; where it reaches 1/δ is an upper bound of σ₁².
/// </remarks>
internal static class SpectralNorm
{
    /// <summary>The chance that a start vector is so unlucky that the bound does not hold.</summary>
    private const double FailureProbability = 1e-6;

    /// <summary>Below this, an exact decomposition costs less than the iteration.</summary>
    private const long ExactLimit = 128;

    private const int MaximumSteps = 1000;

    /// <summary>Computes σ_max of an m × n matrix of float32.</summary>
    public static double Of(Tensor weight, double tolerance, CancellationToken cancellation)
    {
        long size = Math.Min(weight.shape[0], weight.shape[1]);
        if (size <= ExactLimit)
            return linalg.svdvals(weight.to(ScalarType.Float64)).max().item<double>();

        // Fewer entries in v₁ make a tighter bound.
        Tensor matrix = weight.shape[1] <= weight.shape[0] ? weight : weight.t();
        Tensor transposed = matrix.t();
        using var basis = new Bidiagonalisation(matrix, transposed);
        double delta = FailureProbability * Math.Sqrt(Math.PI / (2.0 * matrix.shape[1]));
        int steps = (int)Math.Min(size, MaximumSteps);
        double norm = 0;
        for (int step = 1; step <= steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            bool exhausted = !basis.Step();
            if (!exhausted && step != steps && (step < 6 || step % 3 != 0))
                continue;

            norm = basis.LargestRitzValue();
            if (exhausted || basis.PolynomialExceeds(norm * (1 + tolerance), 1 / delta))
                break;
        }

        return norm;
    }

    private sealed class Bidiagonalisation : IDisposable
    {
        private const int Seed = 20130607;

        private readonly DisposeScope _scope = NewDisposeScope();
        private readonly Tensor _matrix;
        private readonly Tensor _transposed;
        private readonly List<double> _alphas = [];
        private readonly List<double> _betas = [];
        private Tensor _left;
        private Tensor _right;

        public Bidiagonalisation(Tensor matrix, Tensor transposed)
        {
            _matrix = matrix;
            _transposed = transposed;
            Tensor start = StartVector(matrix.shape[1]).to(matrix.device);
            _right = empty(64, matrix.shape[1], ScalarType.Float64, matrix.device);
            _left = empty(64, matrix.shape[0], ScalarType.Float64, matrix.device);
            _right[0] = start / start.norm();
        }

        /// <summary>Adds one step; false when the Krylov space is exhausted, and its Ritz values are exact.</summary>
        public bool Step()
        {
            using DisposeScope step = NewDisposeScope();
            int index = _alphas.Count;
            EnsureRoom(index + 2);
            Tensor left = Multiply(_matrix, _right[index]);
            Orthogonalise(left, _left, index);
            double alpha = left.norm().item<double>();
            _alphas.Add(alpha);
            if (IsNegligible(alpha))
                return false;

            _left[index] = left / alpha;
            Tensor right = Multiply(_transposed, _left[index]);
            Orthogonalise(right, _right, index + 1);
            double beta = right.norm().item<double>();
            _betas.Add(beta);
            if (IsNegligible(beta))
                return false;

            _right[index + 1] = right / beta;
            return true;
        }

        /// <summary>σ_max of the bidiagonal matrix: the root of the largest eigenvalue of T = BᵀB.</summary>
        public double LargestRitzValue()
        {
            using DisposeScope scope = NewDisposeScope();
            int size = _alphas.Count;
            double[,] tridiagonal = new double[size, size];
            for (int i = 0; i < size; i++)
            {
                tridiagonal[i, i] = Diagonal(i);
                if (i + 1 < size)
                    tridiagonal[i, i + 1] = tridiagonal[i + 1, i] = OffDiagonal(i);
            }

            return Math.Sqrt(Math.Max(0, linalg.eigvalsh(from_array(tridiagonal))[-1].item<double>()));
        }

        /// <summary>Whether the Lanczos polynomial at <paramref name="norm"/>² is at least <paramref name="limit"/>.</summary>
        public bool PolynomialExceeds(double norm, double limit)
        {
            double x = norm * norm;
            double before = 0;
            double value = 1;
            for (int i = 0; i < _alphas.Count; i++)
            {
                double next = ((x - Diagonal(i)) * value - (i == 0 ? 0 : OffDiagonal(i - 1) * before)) / OffDiagonal(i);
                before = value;
                value = next;
            }

            return value >= limit;
        }

        public void Dispose() => _scope.Dispose();

        private double Diagonal(int i) => _alphas[i] * _alphas[i] + (i == 0 ? 0 : _betas[i - 1] * _betas[i - 1]);

        private double OffDiagonal(int i) => _alphas[i] * _betas[i];

        private bool IsNegligible(double value) => value <= 1e-7 * _alphas.Max();

        /// <summary>One pass over W in float32; the vectors themselves are kept in float64.</summary>
        private static Tensor Multiply(Tensor matrix, Tensor vector) =>
            matrix.mv(vector.to(ScalarType.Float32)).to(ScalarType.Float64);

        /// <summary>Classical Gram–Schmidt, twice, which is enough (Giraud, Langou, Rozložník 2005).</summary>
        private static void Orthogonalise(Tensor vector, Tensor basis, int count)
        {
            if (count == 0)
                return;

            Tensor earlier = basis.narrow(0, 0, count);
            for (int pass = 0; pass < 2; pass++)
                vector.sub_(earlier.t().mv(earlier.mv(vector)));
        }

        private void EnsureRoom(int count)
        {
            if (count <= _right.shape[0])
                return;

            _right = Grow(_right);
            _left = Grow(_left);
        }

        private static Tensor Grow(Tensor rows)
        {
            Tensor grown = empty(rows.shape[0] * 2, rows.shape[1], ScalarType.Float64, rows.device);
            grown.narrow(0, 0, rows.shape[0]).copy_(rows);
            rows.Dispose();
            return grown.MoveToOuterDisposeScope();
        }

        /// <summary>Random, and the same in every run: results must be repeatable.</summary>
        private static Tensor StartVector(long size)
        {
            var random = new Random(Seed);
            double[] values = new double[size];
            for (int i = 0; i < values.Length; i++)
                values[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

            return tensor(values);
        }
    }
}
