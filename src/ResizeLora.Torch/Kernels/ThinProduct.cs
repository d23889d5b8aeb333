using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Kernels;

/// <summary>
/// Products of a stored factor with a small matrix, in float or double: blocks of the factor are widened in cache and
/// multiplied there, so that it is read once, as it is stored.
/// </summary>
/// <remarks>
/// Sums run in a fixed order, so results repeat to the bit. Optimised at once: a short run would be over before the
/// runtime finds out which loops are hot.
/// </remarks>
internal static unsafe class ThinProduct<T>
    where T : unmanaged
{
    /// <summary>Tiles are 6 × 2 vectors: with 12 sums in registers, every load serves several multiplications.</summary>
    private const int TileRows = 6;
    private const int TileVectors = 2;

    /// <summary>Rows of the stored factor that are widened at once; a multiple of the tile's.</summary>
    private const int BlockRows = 8 * TileRows;

    /// <summary>Numbers of a block of columns that is widened at once: a small part of the second-level cache.</summary>
    private const int BlockSize = 1 << 14;

    private static int TileColumns => TileVectors * Vector256<T>.Count;

    /// <summary>left · rightᵀ.</summary>
    /// <param name="left">m × r, as stored.</param>
    /// <param name="right">k × r.</param>
    public static NumberMatrix<T> OfTransposed(StoredMatrix left, NumberMatrix<double> right)
    {
        int rows = (int)left.Rows;
        int depth = (int)left.Columns;
        int stride = Padded(right.Rows, TileColumns);
        var product = new NumberMatrix<T>(rows, right.Rows, Padded(rows, BlockRows), stride);
        using NumberMatrix<T> panels = Panels(right, stride);
        using var block = new NumberMatrix<T>(BlockRows, depth, BlockRows, depth);
        int rowBytes = depth * left.Format.Size;
        fixed (T* numbers = block.Numbers, factors = panels.Numbers, target = product.Numbers)
        {
            for (int first = 0; first < rows; first += BlockRows)
            {
                int count = Math.Min(BlockRows, rows - first);
                StoredNumbers.Read(left.Format, left.Bytes.Span[(first * rowBytes)..], block.Numbers[..(count * depth)]);
                block.Numbers[(count * depth)..(BlockRows * depth)].Clear();
                for (int panel = 0; panel < panels.Rows; panel++)
                {
                    for (int row = 0; row < count; row += TileRows)
                        Tile(numbers + row * depth, factors + panel * panels.Stride, depth, target + (first + row) * stride + panel * TileColumns, stride);
                }
            }
        }

        return product;
    }

    /// <summary>left · right.</summary>
    /// <param name="left">k × r.</param>
    /// <param name="right">r × n, as stored.</param>
    public static NumberMatrix<T> Of(NumberMatrix<double> left, StoredMatrix right) =>
        Of(left, right.Format, right.Bytes.Span, (int)right.Columns);

    /// <summary>left · right, of numbers.</summary>
    /// <param name="left">k × r.</param>
    /// <param name="right">r × n in row order.</param>
    /// <param name="columns">n.</param>
    public static NumberMatrix<T> Of(NumberMatrix<double> left, ReadOnlySpan<double> right, int columns) =>
        Of(left, ElementFormat.Of(SafetensorsDType.F64), MemoryMarshal.AsBytes(right), columns);

    private static NumberMatrix<T> Of(NumberMatrix<double> left, ElementFormat format, ReadOnlySpan<byte> right, int columns)
    {
        int depth = left.Columns;
        int stride = Padded(columns, TileColumns);
        int width = Math.Min(stride, Math.Max(1, BlockSize / depth / TileColumns) * TileColumns);
        var product = new NumberMatrix<T>(left.Rows, columns, Padded(left.Rows, TileRows), stride);
        using NumberMatrix<T> factor = PaddedRows(left);
        using var panels = new NumberMatrix<T>(width / TileColumns, TileColumns * depth, width / TileColumns, TileColumns * depth);
        using var line = new NumberMatrix<T>(1, width, 1, width);
        fixed (T* numbers = factor.Numbers, block = panels.Numbers, target = product.Numbers)
        {
            for (int first = 0; first < columns; first += width)
            {
                int count = Math.Min(width, columns - first);
                for (int row = 0; row < depth; row++)
                {
                    Span<T> part = line.Numbers[..count];
                    StoredNumbers.Read(format, right[(int)(((long)row * columns + first) * format.Size)..], part);
                    Distribute(part, panels, row);
                }

                for (int panel = 0; panel * TileColumns < count; panel++)
                {
                    for (int row = 0; row < left.Rows; row += TileRows)
                        Tile(numbers + row * depth, block + panel * panels.Stride, depth, target + row * stride + first + panel * TileColumns, stride);
                }
            }
        }

        return product;
    }

    /// <summary>A small matrix as T, with rows of zeros up to a whole tile.</summary>
    private static NumberMatrix<T> PaddedRows(NumberMatrix<double> matrix)
    {
        int depth = matrix.Columns;
        int padded = Padded(matrix.Rows, TileRows);
        var rows = new NumberMatrix<T>(matrix.Rows, depth, padded, depth);
        for (int row = 0; row < matrix.Rows; row++)
            StoredNumbers.Convert(matrix.Row(row), rows.Row(row));
        rows.Numbers[(matrix.Rows * depth)..(padded * depth)].Clear();
        return rows;
    }

    /// <summary>The transpose of a small matrix in panels of neighbouring columns, zeros up to a whole one.</summary>
    private static NumberMatrix<T> Panels(NumberMatrix<double> matrix, int columns)
    {
        int depth = matrix.Columns;
        using NumberMatrix<T> rows = PaddedRows(matrix);
        var panels = new NumberMatrix<T>(columns / TileColumns, TileColumns * depth, columns / TileColumns, TileColumns * depth);
        panels.Numbers[..(columns * depth)].Clear();
        Span<T> target = panels.Numbers;
        for (int row = 0; row < matrix.Rows; row++)
        {
            ReadOnlySpan<T> source = rows.Row(row);
            int first = row / TileColumns * panels.Stride + row % TileColumns;
            for (int i = 0; i < source.Length; i++)
                target[first + i * TileColumns] = source[i];
        }

        return panels;
    }

    /// <summary>Puts a row into panels of neighbouring columns, so that tiles read memory in order; the last one is filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Distribute(ReadOnlySpan<T> numbers, NumberMatrix<T> panels, int row)
    {
        int columns = TileColumns;
        Span<T> target = panels.Numbers[(row * columns)..];
        int begin = 0;
        for (; begin <= numbers.Length - columns; begin += columns)
        {
            Vector256.Create(numbers[begin..]).CopyTo(target);
            Vector256.Create(numbers[(begin + Vector256<T>.Count)..]).CopyTo(target[Vector256<T>.Count..]);
            if (begin + columns < numbers.Length)
                target = target[panels.Stride..];
        }

        if (begin < numbers.Length)
        {
            numbers[begin..].CopyTo(target);
            target[(numbers.Length - begin)..columns].Clear();
        }
    }

    private static int Padded(int count, int step) => (count + step - 1) / step * step;

    /// <summary>Six rows of <paramref name="depth"/> numbers times one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(T* left, T* panel, int depth, T* product, int stride)
    {
        Vector256<T> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        Vector256<T> s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        T* left1 = left + depth, left2 = left1 + depth, left3 = left2 + depth, left4 = left3 + depth, left5 = left4 + depth;
        for (int i = 0; i < depth; i++)
        {
            Vector256<T> p0 = Vector256.Load(panel);
            Vector256<T> p1 = Vector256.Load(panel + Vector256<T>.Count);
            panel += 2 * Vector256<T>.Count;
            Vector256<T> factor = Vector256.Create(left[i]);
            s00 = MultiplyAdd(factor, p0, s00);
            s01 = MultiplyAdd(factor, p1, s01);
            factor = Vector256.Create(left1[i]);
            s10 = MultiplyAdd(factor, p0, s10);
            s11 = MultiplyAdd(factor, p1, s11);
            factor = Vector256.Create(left2[i]);
            s20 = MultiplyAdd(factor, p0, s20);
            s21 = MultiplyAdd(factor, p1, s21);
            factor = Vector256.Create(left3[i]);
            s30 = MultiplyAdd(factor, p0, s30);
            s31 = MultiplyAdd(factor, p1, s31);
            factor = Vector256.Create(left4[i]);
            s40 = MultiplyAdd(factor, p0, s40);
            s41 = MultiplyAdd(factor, p1, s41);
            factor = Vector256.Create(left5[i]);
            s50 = MultiplyAdd(factor, p0, s50);
            s51 = MultiplyAdd(factor, p1, s51);
        }

        Store(s00, s01, product);
        Store(s10, s11, product + stride);
        Store(s20, s21, product + 2 * stride);
        Store(s30, s31, product + 3 * stride);
        Store(s40, s41, product + 4 * stride);
        Store(s50, s51, product + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<T> first, Vector256<T> second, T* target)
    {
        first.Store(target);
        second.Store(target + Vector256<T>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> MultiplyAdd(Vector256<T> left, Vector256<T> right, Vector256<T> sum) =>
        typeof(T) == typeof(float)
            ? Vector256.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), sum.AsSingle()).As<float, T>()
            : Vector256.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), sum.AsDouble()).As<double, T>();
}
