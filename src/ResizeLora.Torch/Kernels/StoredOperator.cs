using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>WᵀW from the stored bytes; <see cref="StoredOperator{TElement}"/> has the work for each type of elements that is common in checkpoints.</summary>
internal abstract class StoredOperator : INormalOperator, IDisposable
{
    public abstract int Rows { get; }

    public abstract int Columns { get; }

    /// <summary>The operator of a matrix; null where its elements are of a rarer type.</summary>
    /// <param name="matrix">W or its transpose, of finite elements; its bytes must not change.</param>
    /// <param name="frobeniusNorm">‖W‖_F, not zero.</param>
    public static StoredOperator? Of(StoredMatrix matrix, double frobeniusNorm) => matrix.DType switch
    {
        SafetensorsDType.F16 => new StoredOperator<HalfElement>(matrix, frobeniusNorm),
        SafetensorsDType.BF16 => new StoredOperator<BFloatElement>(matrix, frobeniusNorm),
        SafetensorsDType.F32 => new StoredOperator<SingleElement>(matrix, frobeniusNorm),
        _ => null,
    };

    /// <inheritdoc/>
    public abstract (double[] First, double[] Second) Apply(double[] first, double[] second);

    public abstract void Dispose();
}

/// <summary>
/// WᵀW from the stored bytes, in one pass: a few rows are loaded, multiplied with both vectors, and their products with
/// the same rows added up while these are still in cache. A half-precision W is read at 2 bytes an element, once, where
/// two matrix–vector products on a widened copy read 8.
/// </summary>
/// <remarks>Optimised at once: a short run would be over before the runtime finds out which loops are hot.</remarks>
internal sealed unsafe class StoredOperator<TElement> : StoredOperator
    where TElement : struct, IStoredElement
{
    private const int RowsAtOnce = 4;
    private const int Lane = 8;

    private readonly MemoryHandle _matrix;
    private readonly double _frobeniusNorm;
    private readonly float[] _buffer;

    public StoredOperator(StoredMatrix matrix, double frobeniusNorm)
    {
        _matrix = matrix.Bytes.Pin();
        Rows = (int)matrix.Rows;
        Columns = (int)matrix.Columns;
        _frobeniusNorm = frobeniusNorm;
        _buffer = ArrayPool<float>.Shared.Rent((RowsAtOnce + 4) * Columns);
    }

    public override int Rows { get; }

    public override int Columns { get; }

    /// <inheritdoc/>
    public override (double[] First, double[] Second) Apply(double[] first, double[] second)
    {
        fixed (float* rows = _buffer)
        {
            float* input = rows + RowsAtOnce * Columns;
            float* output = input + 2 * Columns;
            Fill(first, input);
            Fill(second, input + Columns);
            new Span<float>(output, 2 * Columns).Clear();
            Accumulate(rows, input, output);
            return (Read(output), Read(output + Columns));
        }
    }

    public override void Dispose()
    {
        _matrix.Dispose();
        ArrayPool<float>.Shared.Return(_buffer);
    }

    /// <summary>The vectors make up for the scale of loaded elements.</summary>
    private static void Fill(double[] vector, float* input)
    {
        for (int i = 0; i < vector.Length; i++)
            input[i] = (float)(vector[i] * TElement.Scale);
    }

    private double[] Read(float* output)
    {
        double[] result = new double[Columns];
        for (int i = 0; i < result.Length; i++)
            result[i] = output[i] / _frobeniusNorm;
        return result;
    }

    private void Accumulate(float* rows, float* input, float* output)
    {
        // Divided by the norm, products stay within single precision, however large or small the weights are.
        double scale = TElement.Scale / _frobeniusNorm;
        long rowBytes = (long)Columns * TElement.Size;
        float* products = stackalloc float[2 * RowsAtOnce];
        byte** elements = stackalloc byte*[RowsAtOnce];
        for (int row = 0; row < Rows; row += RowsAtOnce)
        {
            // Missing rows of the last group repeat the last one, and count nothing.
            for (int i = 0; i < RowsAtOnce; i++)
                elements[i] = (byte*)_matrix.Pointer + Math.Min(row + i, Rows - 1) * rowBytes;

            Multiply(elements, rows, input, products);
            for (int i = 0; i < 2 * RowsAtOnce; i++)
                products[i] = row + i % RowsAtOnce < Rows ? (float)(products[i] * scale) : 0;

            Add(rows, products, output);
        }
    }

    /// <summary>Loads rows into the buffer and computes their products with both vectors: four with the first, then four with the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(byte** elements, float* rows, float* input, float* products)
    {
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<float> s20 = default, s21 = default, s30 = default, s31 = default;
        byte* elements0 = elements[0], elements1 = elements[1], elements2 = elements[2], elements3 = elements[3];
        float* row1 = rows + Columns, row2 = row1 + Columns, row3 = row2 + Columns, input1 = input + Columns;

        // Rows follow each other in memory: data is prefetched four rows before it is needed.
        byte* ahead = elements3 + (long)Columns * TElement.Size;
        int i = 0;
        for (; i <= Columns - Lane; i += Lane)
        {
            if (Sse.IsSupported)
                Sse.Prefetch0(ahead + RowsAtOnce * i * TElement.Size);
            var v0 = Vector256.Load(input + i);
            var v1 = Vector256.Load(input1 + i);
            Vector256<float> row = TElement.Load(elements0 + i * TElement.Size);
            row.Store(rows + i);
            s00 = Vector256.MultiplyAddEstimate(row, v0, s00);
            s01 = Vector256.MultiplyAddEstimate(row, v1, s01);
            row = TElement.Load(elements1 + i * TElement.Size);
            row.Store(row1 + i);
            s10 = Vector256.MultiplyAddEstimate(row, v0, s10);
            s11 = Vector256.MultiplyAddEstimate(row, v1, s11);
            row = TElement.Load(elements2 + i * TElement.Size);
            row.Store(row2 + i);
            s20 = Vector256.MultiplyAddEstimate(row, v0, s20);
            s21 = Vector256.MultiplyAddEstimate(row, v1, s21);
            row = TElement.Load(elements3 + i * TElement.Size);
            row.Store(row3 + i);
            s30 = Vector256.MultiplyAddEstimate(row, v0, s30);
            s31 = Vector256.MultiplyAddEstimate(row, v1, s31);
        }

        products[0] = Vector256.Sum(s00);
        products[1] = Vector256.Sum(s10);
        products[2] = Vector256.Sum(s20);
        products[3] = Vector256.Sum(s30);
        products[4] = Vector256.Sum(s01);
        products[5] = Vector256.Sum(s11);
        products[6] = Vector256.Sum(s21);
        products[7] = Vector256.Sum(s31);
        for (; i < Columns; i++)
        {
            for (int row = 0; row < RowsAtOnce; row++)
            {
                float number = rows[row * Columns + i] = TElement.LoadOne(elements[row] + i * TElement.Size);
                products[row] += number * input[i];
                products[RowsAtOnce + row] += number * input1[i];
            }
        }
    }

    /// <summary>Adds the rows, each times its product, to both results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(float* rows, float* products, float* output)
    {
        Vector256<float> f00 = Vector256.Create(products[0]), f10 = Vector256.Create(products[1]), f20 = Vector256.Create(products[2]), f30 = Vector256.Create(products[3]);
        Vector256<float> f01 = Vector256.Create(products[4]), f11 = Vector256.Create(products[5]), f21 = Vector256.Create(products[6]), f31 = Vector256.Create(products[7]);
        float* row1 = rows + Columns, row2 = row1 + Columns, row3 = row2 + Columns, output1 = output + Columns;
        int i = 0;
        for (; i <= Columns - Lane; i += Lane)
        {
            var sum0 = Vector256.Load(output + i);
            var sum1 = Vector256.Load(output1 + i);
            var row = Vector256.Load(rows + i);
            sum0 = Vector256.MultiplyAddEstimate(row, f00, sum0);
            sum1 = Vector256.MultiplyAddEstimate(row, f01, sum1);
            row = Vector256.Load(row1 + i);
            sum0 = Vector256.MultiplyAddEstimate(row, f10, sum0);
            sum1 = Vector256.MultiplyAddEstimate(row, f11, sum1);
            row = Vector256.Load(row2 + i);
            sum0 = Vector256.MultiplyAddEstimate(row, f20, sum0);
            sum1 = Vector256.MultiplyAddEstimate(row, f21, sum1);
            row = Vector256.Load(row3 + i);
            sum0 = Vector256.MultiplyAddEstimate(row, f30, sum0);
            sum1 = Vector256.MultiplyAddEstimate(row, f31, sum1);
            sum0.Store(output + i);
            sum1.Store(output1 + i);
        }

        for (; i < Columns; i++)
        {
            for (int row = 0; row < RowsAtOnce; row++)
            {
                output[i] += rows[row * Columns + i] * products[row];
                output1[i] += rows[row * Columns + i] * products[RowsAtOnce + row];
            }
        }
    }
}
