using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>What the codes of a quantised weight mean.</summary>
internal abstract record WeightCodes
{
    /// <summary>The 16 values of a signed integer of 4 bits.</summary>
    public static readonly float[] Int4 = [0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1];

    /// <summary>Bits of a code.</summary>
    public abstract int Bits { get; }

    /// <summary>Reads codes as numbers, from one of them on.</summary>
    public abstract void Read(IReadOnlyList<TensorFile> files, StoredTensor codes, long first, Span<float> numbers);

    /// <summary>All elements of a tensor as numbers.</summary>
    public static float[] Numbers(IReadOnlyList<TensorFile> files, StoredTensor tensor)
    {
        float[] numbers = new float[tensor.Info.ElementCount];
        new Typed(tensor.Info.DType).Read(files, tensor, 0, numbers);
        return numbers;
    }

    /// <summary>Numbers of a type, which the header may call otherwise.</summary>
    public sealed record Typed(SafetensorsDType DType) : WeightCodes
    {
        /// <inheritdoc/>
        public override int Bits => DType.Format().Bits;

        /// <inheritdoc/>
        public override void Read(IReadOnlyList<TensorFile> files, StoredTensor codes, long first, Span<float> numbers)
        {
            int size = DType.Format().Size;
            using PooledBytes bytes = files[codes.File].Rent(codes.Info, first * size, (long)numbers.Length * size);
            DType.Format().Widen(bytes.Span, numbers);
        }
    }

    /// <summary>Two indices in each byte, into a table of 16 values.</summary>
    /// <param name="Values">The values, which the file may have.</param>
    /// <param name="HighFirst">Whether the first of two is in the high half of its byte.</param>
    public sealed record Paired(Func<IReadOnlyList<TensorFile>, float[]> Values, bool HighFirst) : WeightCodes
    {
        /// <inheritdoc/>
        public override int Bits => 4;

        /// <inheritdoc/>
        public override void Read(IReadOnlyList<TensorFile> files, StoredTensor codes, long first, Span<float> numbers)
        {
            float[] values = Values(files);
            long start = first / 2;
            using PooledBytes bytes = files[codes.File].Rent(codes.Info, start, (first + numbers.Length + 1) / 2 - start);
            ReadOnlySpan<byte> pairs = bytes.Span;
            for (int i = 0; i < numbers.Length; i++)
            {
                long place = first + i;
                byte pair = pairs[(int)(place / 2 - start)];
                numbers[i] = values[place % 2 == 0 == HighFirst ? pair >> 4 : pair & 0xF];
            }
        }
    }
}
