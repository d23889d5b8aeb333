namespace ResizeLora.Testing;

/// <summary>Gaussian noise for gigabytes of weights, cut from one block: making each number anew would take minutes.</summary>
internal sealed class NoiseBlock
{
    // Prime, so that rows of a tensor start at ever new places of the block.
    private const int Length = 8_388_617;

    private readonly float[] _values = new float[Length];

    public NoiseBlock(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < Length; i++)
            _values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
    }

    /// <summary>Standard normal numbers; the same ones for the same position.</summary>
    public void CopyTo(Span<float> target, long position)
    {
        while (!target.IsEmpty)
        {
            int start = (int)(position % Length);
            int count = Math.Min(target.Length, Length - start);
            _values.AsSpan(start, count).CopyTo(target);
            target = target[count..];
            position += count;
        }
    }
}
