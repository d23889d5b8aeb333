using System.Numerics;
using System.Runtime.InteropServices;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Engine;

/// <summary>A matrix of float64 numbers that a factor of ΔW is computed in, in pooled memory.</summary>
internal sealed class NumberTable : IDisposable
{
    private readonly PooledBytes _bytes;

    /// <summary>A table that contains anything.</summary>
    public NumberTable(int rows, int columns)
    {
        Rows = rows;
        Columns = columns;
        _bytes = new PooledBytes(checked(rows * columns * sizeof(double)));
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>All numbers, in row order.</summary>
    public Span<double> Numbers => MemoryMarshal.Cast<byte, double>(_bytes.Span);

    public static NumberTable Zeros(int rows, int columns)
    {
        var table = new NumberTable(rows, columns);
        table.Numbers.Clear();
        return table;
    }

    /// <summary>The numbers of a stored matrix.</summary>
    /// <exception cref="NonFiniteException">It contains NaN or infinity.</exception>
    public static NumberTable Of(StoredMatrix matrix)
    {
        if (matrix.IsIdentity)
            return Identity((int)matrix.Rows);

        var table = new NumberTable((int)matrix.Rows, (int)matrix.Columns);
        matrix.Format.Widen(matrix.Bytes.Span, table.Numbers);
        foreach (double number in table.Numbers)
        {
            if (!double.IsFinite(number))
            {
                table.Dispose();
                throw new NonFiniteException(matrix.Name);
            }
        }

        return table;
    }

    public Span<double> Row(int row) => Numbers.Slice(row * Columns, Columns);

    /// <summary>The table as a matrix for the numeric engine; valid for as long as the table is.</summary>
    public StoredMatrix Store(string name) => new(name, _bytes.Memory, SafetensorsDType.F64, Rows, Columns);

    /// <summary>left · right.</summary>
    public static NumberTable Product(NumberTable left, NumberTable right)
    {
        NumberTable product = Zeros(left.Rows, right.Columns);
        for (int row = 0; row < left.Rows; row++)
        {
            ReadOnlySpan<double> factors = left.Row(row);
            for (int inner = 0; inner < factors.Length; inner++)
                AddMultiple(factors[inner], right.Row(inner), product.Row(row));
        }

        return product;
    }

    public NumberTable Transpose()
    {
        var transpose = new NumberTable(Columns, Rows);
        Span<double> target = transpose.Numbers;
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<double> source = Row(row);
            for (int column = 0; column < source.Length; column++)
                target[column * Rows + row] = source[column];
        }

        return transpose;
    }

    public void Dispose() => _bytes.Dispose();

    private static NumberTable Identity(int size)
    {
        NumberTable table = Zeros(size, size);
        for (int i = 0; i < size; i++)
            table.Row(i)[i] = 1;
        return table;
    }

    private static void AddMultiple(double factor, ReadOnlySpan<double> source, Span<double> target)
    {
        int i = 0;
        for (; i <= source.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(target[i..]) + factor * new Vector<double>(source[i..])).CopyTo(target[i..]);
        for (; i < source.Length; i++)
            target[i] += factor * source[i];
    }
}
