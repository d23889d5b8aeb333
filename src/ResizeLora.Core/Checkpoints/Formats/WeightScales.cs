using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>What multiplies the codes of a quantised weight: a number for each of the rectangles that the weight is divided into.</summary>
/// <param name="Tensors">Where the numbers are.</param>
/// <param name="Read">Reads them, rectangle by rectangle, those of the first rows first.</param>
/// <param name="Columns">Numbers of a row; where scales do not heed rows, all numbers count as one.</param>
/// <param name="BlockRows">Rows of a rectangle.</param>
/// <param name="BlockColumns">Columns of a rectangle.</param>
internal sealed record WeightScales(
    IReadOnlyList<StoredTensor> Tensors,
    Func<IReadOnlyList<TensorFile>, float[]> Read,
    long Columns,
    long BlockRows,
    long BlockColumns)
{
    /// <summary>Rows and columns of the rectangles as cuBLAS stores them together.</summary>
    private const int TileRows = 128;
    private const int TileColumns = 4;

    /// <summary>One number for all.</summary>
    public static WeightScales OfTensor(StoredTensor scale, IReadOnlyList<long> shape) => OfRuns(scale, shape, Product(shape));

    /// <summary>A number for so many numbers in a row, wherever rows end.</summary>
    public static WeightScales OfRuns(StoredTensor scale, IReadOnlyList<long> shape, long count) =>
        new([scale], files => WeightCodes.Numbers(files, scale), Product(shape), 1, count);

    /// <summary>A number for each row.</summary>
    public static WeightScales OfRows(StoredTensor scale, IReadOnlyList<long> shape, float factor = 1)
    {
        long columns = Product(shape.Skip(1));
        return new([scale], files => [.. WeightCodes.Numbers(files, scale).Select(number => number * factor)], columns, 1, columns);
    }

    /// <summary>A number for each square.</summary>
    public static WeightScales OfSquares(StoredTensor scale, IReadOnlyList<long> shape, long size) =>
        new([scale], files => WeightCodes.Numbers(files, scale), Product(shape.Skip(1)), size, size);

    /// <summary>A number for some columns of each row, stored in rows or in tiles, and one for all.</summary>
    /// <param name="scale">The numbers.</param>
    /// <param name="shape">The shape of the weight.</param>
    /// <param name="size">For how many columns a number is.</param>
    /// <param name="dtype">The type of the numbers if they are stored as bytes.</param>
    /// <param name="preferTiles">Whether they are in tiles where their shape leaves it open.</param>
    /// <param name="whole">The number for all; null if there is none.</param>
    public static WeightScales OfColumns(StoredTensor scale, IReadOnlyList<long> shape, long size, SafetensorsDType dtype, bool preferTiles, StoredTensor? whole = null)
    {
        if (shape.Count != 2 || shape[1] % size != 0)
            throw new FormatException($"its shape is not one of {size} columns that share a scale");

        (long rows, long perRow) = (shape[0], shape[1] / size);
        bool inRows = scale.Info.Shape.SequenceEqual([rows, perRow]);
        bool inTiles = scale.Info.Shape.SequenceEqual([TilesFor(rows, TileRows) * TileRows, TilesFor(perRow, TileColumns) * TileColumns]);
        if (!inRows && !inTiles)
            throw new FormatException($"its scale of shape {scale.Info.ShapeText} does not fit");

        StoredTensor typed = scale.Info.DType == SafetensorsDType.U8 ? scale with { Info = scale.Info with { DType = dtype } } : scale;
        return new(whole is null ? [scale] : [scale, whole], Read, shape[1], 1, size);

        float[] Read(IReadOnlyList<TensorFile> files)
        {
            float[] numbers = WeightCodes.Numbers(files, typed);
            float factor = whole is null ? 1 : WeightCodes.Numbers(files, whole)[0];
            return [.. (inTiles && (preferTiles || !inRows) ? FromTiles(numbers, rows, perRow) : numbers).Select(number => number * factor)];
        }
    }

    /// <summary>The product of sizes.</summary>
    /// <exception cref="FormatException">It is larger than anything that can be worked on.</exception>
    public static long Product(IEnumerable<long> sizes)
    {
        UInt128 product = sizes.Aggregate((UInt128)1, (product, size) => product > long.MaxValue ? product : product * (UInt128)size);
        return product <= long.MaxValue / 64 ? (long)product : throw new FormatException("its shape is too large");
    }

    /// <summary>How many numbers there must be for a weight.</summary>
    public long CountFor(long elements) => (elements / Columns + BlockRows - 1) / BlockRows * PerRow;

    /// <summary>The scale of an element, and the number of elements from there on that share it.</summary>
    public (long Index, long Count) At(long element)
    {
        (long row, long column) = (element / Columns, element % Columns);
        return (row / BlockRows * PerRow + column / BlockColumns, Math.Min(BlockColumns - column % BlockColumns, Columns - column));
    }

    /// <summary>Puts scales into rows that are stored in tiles, each of 128 rows and 4 columns, for cuBLAS; what fills up the last ones is left out.</summary>
    /// <remarks>https://docs.nvidia.com/cuda/cublas/index.html#d-block-scaling-factors-layout</remarks>
    private static float[] FromTiles(float[] tiled, long rows, long columns)
    {
        float[] scales = new float[rows * columns];
        long tilesPerRow = TilesFor(columns, TileColumns);
        for (long row = 0; row < rows; row++)
        {
            for (long column = 0; column < columns; column++)
            {
                long tile = row / TileRows * tilesPerRow + column / TileColumns;
                long place = row % 32 * 16 + row % TileRows / 32 * TileColumns + column % TileColumns;
                scales[row * columns + column] = tiled[tile * TileRows * TileColumns + place];
            }
        }

        return scales;
    }

    private long PerRow => (Columns + BlockColumns - 1) / BlockColumns;

    private static long TilesFor(long count, int size) => (count + size - 1) / size;
}
