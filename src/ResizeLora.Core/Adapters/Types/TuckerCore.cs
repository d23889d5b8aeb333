using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>The core of a Tucker form, r × s × kernel: it brings the kernel in between two factors.</summary>
internal static class TuckerCore
{
    /// <summary>Whether a tensor is a core between r columns and s rows.</summary>
    public static bool Fits(TensorInfo core, long r, long s) => core.Shape.Count > 2 && core.Shape[0] == r && core.Shape[1] == s;

    /// <summary>r × (in · kernel) out of the core and a factor of s × in: the sum over s of core[·, s, kernel] · factor[s, in].</summary>
    public static NumberTable Times(NumberTable core, NumberTable factor)
    {
        int kernel = core.Columns / factor.Rows;
        var product = NumberTable.Zeros(core.Rows, checked(factor.Columns * kernel));
        for (int row = 0; row < core.Rows; row++)
        {
            Span<double> target = product.Row(row);
            for (int inner = 0; inner < factor.Rows; inner++)
            {
                ReadOnlySpan<double> taps = core.Row(row).Slice(inner * kernel, kernel);
                ReadOnlySpan<double> inputs = factor.Row(inner);
                for (int input = 0; input < inputs.Length; input++)
                {
                    for (int tap = 0; tap < kernel; tap++)
                        target[input * kernel + tap] += taps[tap] * inputs[input];
                }
            }
        }

        return product;
    }
}
