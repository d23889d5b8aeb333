using System.Numerics;
using System.Runtime.InteropServices;

namespace ResizeLora.Testing;

/// <summary>
/// A weight with a spectrum as training leaves it: a few directions that stand out of noise, with singular values that
/// decay like a power.
/// </summary>
internal sealed class TrainedWeight
{
    private const int Directions = 32;
    private const double Decay = 0.7;

    /// <summary>The largest singular value, as a multiple of the noise's.</summary>
    private const double Prominence = 4;

    private readonly NoiseBlock _noise;
    private readonly long _position;
    private readonly int _columns;
    private readonly float _scale;
    private readonly float[] _right;
    private readonly float[] _strengths = new float[Directions];

    /// <param name="noise">What everything is cut from.</param>
    /// <param name="position">Where in the noise the weight begins.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="scale">Standard deviation of the noise.</param>
    public TrainedWeight(NoiseBlock noise, long position, long rows, int columns, float scale)
    {
        _noise = noise;
        _position = position;
        _columns = columns;
        _scale = scale;
        _right = new float[Directions * columns];
        noise.CopyTo(_right, position + rows * columns);

        // The vectors have norms of √rows and √columns: as good as orthogonal, but not yet of length one.
        double noiseNorm = scale * (Math.Sqrt(rows) + Math.Sqrt(columns));
        for (int j = 0; j < Directions; j++)
            _strengths[j] = (float)(Prominence * noiseNorm * Math.Pow(j + 1, -Decay) / Math.Sqrt((double)rows * columns));
    }

    /// <summary>Fills a row.</summary>
    public void Fill(long row, Span<float> entries)
    {
        _noise.CopyTo(entries, _position + row * _columns);
        foreach (ref float entry in entries)
            entry *= _scale;

        Span<float> left = stackalloc float[Directions];
        _noise.CopyTo(left, _position / 2 + row * Directions);
        for (int j = 0; j < Directions; j++)
            AddMultiple(entries, left[j] * _strengths[j], _right.AsSpan(j * _columns, _columns));
    }

    private static void AddMultiple(Span<float> target, float factor, ReadOnlySpan<float> source)
    {
        Span<Vector<float>> targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        ReadOnlySpan<Vector<float>> sources = MemoryMarshal.Cast<float, Vector<float>>(source);
        var factors = new Vector<float>(factor);
        for (int i = 0; i < targets.Length; i++)
            targets[i] += factors * sources[i];
        for (int i = targets.Length * Vector<float>.Count; i < target.Length; i++)
            target[i] += factor * source[i];
    }
}
