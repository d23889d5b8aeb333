using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>
/// BᵀB and AAᵀ of stored factors in float64, widened block by block in cache and multiplied for the upper half only:
/// a general matrix product does twice the work, on widened copies that leave the cache.
/// </summary>
/// <remarks>
/// Sums run in a fixed order, so results repeat to the bit. Optimised at once: a short run would be over before the
/// runtime finds out which loops are hot.
/// </remarks>
internal static unsafe class GramMatrix
{
    /// <summary>Tiles are 4 × 3 vectors: with 12 sums in registers, every load serves several multiplications.</summary>
    private const int TileRows = 4;
    private const int TileColumns = 3;
    private const int Lane = 4;

    /// <summary>The rank is padded to this, so that tiles have no ragged edges.</summary>
    private const int RankStep = TileRows * TileColumns;

    /// <summary>Sums of squares between the reciprocal of this and this have not lost what they were summed from.</summary>
    private const double OrdinarySquare = 1e250;

    /// <summary>Doubles in a block: a quarter of a megabyte, half of a small second-level cache.</summary>
    private const int BlockSize = 1 << 15;

    /// <summary>AAᵀ, r × r in row order, of A with r rows.</summary>
    /// <param name="a">A.</param>
    /// <param name="gram">Takes the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfRows(StoredMatrix a, Span<double> gram)
    {
        int rank = (int)a.Rows;
        int padded = Padded(rank);
        int depth = Depth(padded);
        using var work = new Workspace(padded, depth);
        double* block = work.Block;
        double* sums = work.Sums;
        ElementFormat format = a.Format;
        for (long first = 0; first < a.Columns; first += depth)
        {
            int count = (int)Math.Min(depth, a.Columns - first);
            for (int row = 0; row < rank; row++)
            {
                var target = new Span<double>(block + row * depth, depth);
                format.Widen(a.Bytes.Span[(int)((row * a.Columns + first) * format.Size)..], target[..count]);
                target[count..].Clear();
            }

            for (int column = 0; column < padded; column += TileColumns)
            {
                for (int row = 0; row <= column + TileColumns - 1; row += TileRows)
                    AddRowTile(block + row * depth, block + column * depth, depth, sums + row * padded + column, padded);
            }
        }

        Mirror(sums, padded, gram, rank);
    }

    /// <summary>BᵀB, r × r in row order, of B with r columns.</summary>
    /// <param name="b">B.</param>
    /// <param name="gram">Takes the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfColumns(StoredMatrix b, Span<double> gram)
    {
        int rank = (int)b.Columns;
        int padded = Padded(rank);
        int depth = Depth(padded) / 2;
        using var work = new Workspace(padded, depth);
        double* block = work.Block;
        double* sums = work.Sums;
        long rowBytes = b.Columns * b.Format.Size;
        for (long first = 0; first < b.Rows; first += depth)
        {
            int count = (int)Math.Min(depth, b.Rows - first);
            Span<double> numbers = work.Numbers(count * rank);
            b.Format.Widen(b.Bytes.Span[(int)(first * rowBytes)..], numbers);
            Pack(numbers, rank, count, block, depth);
            for (int column = 0; column < padded; column += Lane * TileColumns)
            {
                for (int panel = 0; panel < column + Lane * TileColumns; panel += Lane)
                    AddColumnTile(block + panel * depth, block + column * depth, depth, count, sums + panel * padded + column, padded);
            }
        }

        Mirror(sums, padded, gram, rank);
    }

    /// <summary>Whether the squares that a result is made of lie in the range of numbers, and NaN is not among them.</summary>
    public static bool IsOrdinary(ReadOnlySpan<double> gram, int rank)
    {
        double trace = 0;
        for (int i = 0; i < rank; i++)
            trace += gram[i * rank + i];
        return trace is >= 1 / OrdinarySquare and <= OrdinarySquare;
    }

    /// <summary>Panels of four neighbouring columns, so that tiles read memory in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(ReadOnlySpan<double> numbers, int rank, int count, double* block, int depth)
    {
        fixed (double* first = numbers)
        {
            int whole = rank / Lane * Lane;
            for (int row = 0; row < count; row++)
            {
                double* source = first + row * rank;
                double* target = block + row * Lane;
                for (int column = 0; column < whole; column += Lane)
                    Vector256.Load(source + column).Store(target + column * depth);
                for (int column = whole; column < rank; column++)
                    target[whole * depth + column - whole] = source[column];
            }
        }
    }

    private static int Padded(int rank) => (rank + RankStep - 1) / RankStep * RankStep;

    /// <summary>How many columns of A fit into a block; whole vectors.</summary>
    private static int Depth(int padded) => Math.Clamp(BlockSize / padded / (2 * Lane) * (2 * Lane), 64, 512);

    /// <summary>Adds the products of 4 rows with 3 rows, each of <paramref name="depth"/> numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRowTile(double* rows, double* columns, int depth, double* sums, int stride)
    {
        Vector256<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector256<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        double* row1 = rows + depth, row2 = row1 + depth, row3 = row2 + depth;
        double* column1 = columns + depth, column2 = column1 + depth;
        for (int i = 0; i < depth; i += Lane)
        {
            var c0 = Vector256.Load(columns + i);
            var c1 = Vector256.Load(column1 + i);
            var c2 = Vector256.Load(column2 + i);
            var r = Vector256.Load(rows + i);
            s00 = Vector256.MultiplyAddEstimate(r, c0, s00);
            s01 = Vector256.MultiplyAddEstimate(r, c1, s01);
            s02 = Vector256.MultiplyAddEstimate(r, c2, s02);
            r = Vector256.Load(row1 + i);
            s10 = Vector256.MultiplyAddEstimate(r, c0, s10);
            s11 = Vector256.MultiplyAddEstimate(r, c1, s11);
            s12 = Vector256.MultiplyAddEstimate(r, c2, s12);
            r = Vector256.Load(row2 + i);
            s20 = Vector256.MultiplyAddEstimate(r, c0, s20);
            s21 = Vector256.MultiplyAddEstimate(r, c1, s21);
            s22 = Vector256.MultiplyAddEstimate(r, c2, s22);
            r = Vector256.Load(row3 + i);
            s30 = Vector256.MultiplyAddEstimate(r, c0, s30);
            s31 = Vector256.MultiplyAddEstimate(r, c1, s31);
            s32 = Vector256.MultiplyAddEstimate(r, c2, s32);
        }

        AddSums(sums, s00, s01, s02);
        AddSums(sums + stride, s10, s11, s12);
        AddSums(sums + 2 * stride, s20, s21, s22);
        AddSums(sums + 3 * stride, s30, s31, s32);
    }

    private static void AddSums(double* sums, Vector256<double> s0, Vector256<double> s1, Vector256<double> s2)
    {
        sums[0] += Vector256.Sum(s0);
        sums[1] += Vector256.Sum(s1);
        sums[2] += Vector256.Sum(s2);
    }

    /// <summary>Adds the products of one panel's 4 columns with those of 3 panels, over <paramref name="count"/> rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumnTile(double* left, double* right, int depth, int count, double* sums, int stride)
    {
        Vector256<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector256<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        double* right1 = right + Lane * depth, right2 = right1 + Lane * depth;
        for (int i = 0; i < Lane * count; i += Lane)
        {
            var c0 = Vector256.Load(right + i);
            var c1 = Vector256.Load(right1 + i);
            var c2 = Vector256.Load(right2 + i);
            var r = Vector256.Create(left[i]);
            s00 = Vector256.MultiplyAddEstimate(r, c0, s00);
            s01 = Vector256.MultiplyAddEstimate(r, c1, s01);
            s02 = Vector256.MultiplyAddEstimate(r, c2, s02);
            r = Vector256.Create(left[i + 1]);
            s10 = Vector256.MultiplyAddEstimate(r, c0, s10);
            s11 = Vector256.MultiplyAddEstimate(r, c1, s11);
            s12 = Vector256.MultiplyAddEstimate(r, c2, s12);
            r = Vector256.Create(left[i + 2]);
            s20 = Vector256.MultiplyAddEstimate(r, c0, s20);
            s21 = Vector256.MultiplyAddEstimate(r, c1, s21);
            s22 = Vector256.MultiplyAddEstimate(r, c2, s22);
            r = Vector256.Create(left[i + 3]);
            s30 = Vector256.MultiplyAddEstimate(r, c0, s30);
            s31 = Vector256.MultiplyAddEstimate(r, c1, s31);
            s32 = Vector256.MultiplyAddEstimate(r, c2, s32);
        }

        AddVectors(sums, s00, s01, s02);
        AddVectors(sums + stride, s10, s11, s12);
        AddVectors(sums + 2 * stride, s20, s21, s22);
        AddVectors(sums + 3 * stride, s30, s31, s32);
    }

    private static void AddVectors(double* sums, Vector256<double> s0, Vector256<double> s1, Vector256<double> s2)
    {
        (Vector256.Load(sums) + s0).Store(sums);
        (Vector256.Load(sums + Lane) + s1).Store(sums + Lane);
        (Vector256.Load(sums + 2 * Lane) + s2).Store(sums + 2 * Lane);
    }

    /// <summary>The whole symmetric matrix of its upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mirror(double* sums, int padded, Span<double> gram, int rank)
    {
        for (int row = 0; row < rank; row++)
        {
            for (int column = row; column < rank; column++)
                gram[row * rank + column] = gram[column * rank + row] = sums[row * padded + column];
        }
    }

    /// <summary>Memory for one product: the block and the sums, zeroed, and elements as they are widened.</summary>
    private sealed class Workspace : IDisposable
    {
        private readonly double[] _buffer;
        private readonly double[] _numbers;
        private readonly GCHandle _pin;

        public Workspace(int padded, int depth)
        {
            int length = padded * (depth + padded);
            _buffer = ArrayPool<double>.Shared.Rent(length);
            _numbers = ArrayPool<double>.Shared.Rent(padded * depth);
            _buffer.AsSpan(0, length).Clear();
            _pin = GCHandle.Alloc(_buffer, GCHandleType.Pinned);
            Block = (double*)_pin.AddrOfPinnedObject();
            Sums = Block + padded * depth;
        }

        public double* Block { get; }

        public double* Sums { get; }

        public Span<double> Numbers(int count) => _numbers.AsSpan(0, count);

        public void Dispose()
        {
            _pin.Free();
            ArrayPool<double>.Shared.Return(_buffer);
            ArrayPool<double>.Shared.Return(_numbers);
        }
    }
}
