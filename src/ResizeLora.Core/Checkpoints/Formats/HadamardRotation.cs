namespace ResizeLora.Checkpoints.Formats;

/// <summary>
/// The rotation by a regular Hadamard matrix, the power H₄ ⊗ H₄ ⊗ … ⊗ H₄ divided by the root of its size, as ComfyUI applies
/// it to rows before it rounds them (ConvRot). The matrix is symmetric, so applying it again undoes it.
/// </summary>
internal static class HadamardRotation
{
    private const int Factor = 4;

    /// <summary>Whether there is a matrix of a size.</summary>
    public static bool HasSize(long size)
    {
        while (size > 1 && size % Factor == 0)
            size /= Factor;
        return size == 1;
    }

    /// <summary>Rotates back numbers whose count is a power of 4.</summary>
    public static void Undo(Span<float> numbers)
    {
        // One factor of the product at a time; each row of H₄ is the sum of all, less twice the last, third, second or first.
        for (int step = 1; step < numbers.Length; step *= Factor)
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                if (i / step % Factor != 0)
                    continue;

                (float a, float b, float c, float d) = (numbers[i], numbers[i + step], numbers[i + 2 * step], numbers[i + 3 * step]);
                float half = (a + b + c + d) / 2;
                (numbers[i], numbers[i + step], numbers[i + 2 * step], numbers[i + 3 * step]) = (half - d, half - c, half - b, half - a);
            }
        }
    }
}
