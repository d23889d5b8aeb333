using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Torch.Kernels;

/// <summary>Products of vectors of float64, in a fixed order of additions.</summary>
internal static class DoubleVector
{
    private const int Lane = 4;

    /// <summary>⟨left, right⟩.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        Vector256<double> sum0 = default, sum1 = default;
        int i = 0;
        for (; i <= left.Length - 2 * Lane; i += 2 * Lane)
        {
            sum0 = Vector256.MultiplyAddEstimate(Vector256.Create(left[i..]), Vector256.Create(right[i..]), sum0);
            sum1 = Vector256.MultiplyAddEstimate(Vector256.Create(left[(i + Lane)..]), Vector256.Create(right[(i + Lane)..]), sum1);
        }

        double rest = 0;
        for (; i < left.Length; i++)
            rest += left[i] * right[i];
        return Vector256.Sum(sum0 + sum1) + rest;
    }

    /// <summary>target += factor · vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(Span<double> target, double factor, ReadOnlySpan<double> vector)
    {
        var factors = Vector256.Create(factor);
        int i = 0;
        for (; i <= target.Length - Lane; i += Lane)
            Vector256.MultiplyAddEstimate(factors, Vector256.Create(vector[i..]), Vector256.Create<double>(target[i..])).CopyTo(target[i..]);
        for (; i < target.Length; i++)
            target[i] += factor * vector[i];
    }

    public static double Norm(ReadOnlySpan<double> vector) => Math.Sqrt(Dot(vector, vector));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(Span<double> vector, double factor)
    {
        foreach (ref double value in vector)
            value *= factor;
    }
}
