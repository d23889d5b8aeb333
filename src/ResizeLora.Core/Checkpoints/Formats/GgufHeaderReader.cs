using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>Reads and validates what stands before the tensors of a GGUF file.</summary>
/// <remarks>https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count and length is checked against the bytes that are there.</remarks>
/// <param name="read">Fills a buffer with bytes of the file from a position on; it is called only for bytes that the file has.</param>
/// <param name="length">Bytes of the file.</param>
internal sealed class GgufHeaderReader(GgufHeaderReader.Source read, long length)
{
    /// <summary>As for safetensors files; the vocabularies of text encoders take a tenth of it.</summary>
    public const long MaximumLength = SafetensorsHeaderParser.MaximumLength;

    private const int BlockSize = 1 << 16;
    private const int LongestName = 1 << 16;
    private const int MostDimensions = 8;
    private const int DeepestArray = 4;
    private const uint UsualAlignment = 32;
    private const uint LargestAlignment = 1 << 20;

    /// <summary>The key of a tensor's shape before its rows were padded for quantisation (ComfyUI-GGUF).</summary>
    private const string ShapePrefix = "comfy.gguf.orig_shape.";

    /// <summary>Bytes of a value of each type; none for text, which is 8, and lists, which are 9.</summary>
    private static ReadOnlySpan<byte> ValueSizes => [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    private readonly byte[] _block = new byte[BlockSize];
    private readonly Dictionary<string, long[]> _shapes = new(StringComparer.Ordinal);
    private long _blockStart;
    private int _blockLength;
    private long _position;
    private long _alignment = UsualAlignment;

    /// <summary>Of how many files the model is, as the header says; known once it was read.</summary>
    public int PartCount { get; private set; } = 1;

    /// <summary>Fills a buffer.</summary>
    public delegate void Source(long position, Span<byte> bytes);

    /// <summary>Reads the header of a file that begins with the format's mark.</summary>
    /// <exception cref="FormatException">It is not valid; the message says where and why.</exception>
    /// <exception cref="NotSupportedException">It is of another kind, which the message names.</exception>
    public TensorHeader Read()
    {
        _position = 4;
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        if (BinaryPrimitives.ReverseEndianness(version) is 1 or 2 or 3)
            throw new NotSupportedException("it is big-endian, and only little-endian files can be read");
        if (version is not (2 or 3))
            throw new NotSupportedException($"it has version {version} of the format, and only versions 2 and 3 can be read");

        long tensors = Count("tensors", least: 8 + 4 + 4 + 8);
        long values = Count("values", least: 8 + 4 + 1);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (long i = 0; i < values; i++)
            ReadValue(keys);

        var infos = new List<(string Name, BlockFormat Format, long[] Shape, long Offset)>();
        for (long i = 0; i < tensors; i++)
            infos.Add(ReadTensor());

        long dataStart = _position + (_alignment - _position % _alignment) % _alignment;
        return new TensorHeader(Located(infos, dataStart), dataStart);
    }

    private void ReadValue(HashSet<string> keys)
    {
        string key = Text("the name of a value", LongestName);
        if (!keys.Add(key))
            throw new FormatException($"it has the value '{DisplayText.Of(key)}' twice");

        uint type = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        if (key == "general.alignment" && type == 4)
            _alignment = ReadAlignment();
        else if (key == "split.count" && type == 2)
            PartCount = Math.Max(1, (int)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
        else if (key.StartsWith(ShapePrefix, StringComparison.Ordinal) && type == 9)
            _shapes[key[ShapePrefix.Length..]] = ReadShape(key);
        else
            Skip(type, key, DeepestArray);
    }

    private uint ReadAlignment()
    {
        uint alignment = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return alignment is > 0 and <= LargestAlignment ? alignment : throw new FormatException($"its alignment is {alignment}");
    }

    private long[] ReadShape(string key)
    {
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        long count = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)), long.MaxValue);
        if (type != 5 || count > 8)
            throw new FormatException($"'{DisplayText.Of(key)}' is not a shape");

        long[] shape = new long[count];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        return Array.TrueForAll(shape, size => size > 0) ? shape : throw new FormatException($"'{DisplayText.Of(key)}' is not a shape");
    }

    private void Skip(uint type, string key, int depth)
    {
        if (type >= ValueSizes.Length || depth == 0)
            throw new FormatException($"the value '{DisplayText.Of(key)}' has the unknown type {type}");

        if (type == 8)
        {
            Advance(TextLength());
        }
        else if (type == 9)
        {
            uint item = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
            long count = Count($"items of '{DisplayText.Of(key)}'", least: item == 8 ? 8 : 1);
            if (item < ValueSizes.Length && ValueSizes[(int)item] > 0)
                Advance(count * ValueSizes[(int)item]);
            else
                for (long i = 0; i < count; i++)
                    Skip(item, key, depth - 1);
        }
        else
        {
            Advance(ValueSizes[(int)type]);
        }
    }

    private (string Name, BlockFormat Format, long[] Shape, long Offset) ReadTensor()
    {
        string name = Text("the name of a tensor", LongestName);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        if (count > MostDimensions)
            throw new FormatException($"tensor '{DisplayText.Of(name)}' has {count} dimensions");

        // The one that varies fastest comes first; elsewhere it comes last.
        long[] shape = new long[count];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
            shape[i] = size <= long.MaxValue ? (long)size : throw new FormatException($"tensor '{DisplayText.Of(name)}' is too large");
        }

        uint type = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        BlockFormat format = BlockFormat.Of(type);
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        if (offset > (ulong)length)
            throw new FormatException($"tensor '{DisplayText.Of(name)}' begins at byte {offset} of the tensors, but the file has only {length} bytes: it is truncated");

        return (name, format, shape, (long)offset);
    }

    /// <summary>The tensors in the order of their bytes, each within the file and none inside another.</summary>
    private List<TensorInfo> Located(List<(string Name, BlockFormat Format, long[] Shape, long Offset)> infos, long dataStart)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var tensors = new List<TensorInfo>(infos.Count);
        long position = 0;
        (string Name, BlockFormat Format, long[] Shape, long Offset)[] ordered = [.. infos.OrderBy(info => info.Offset).ThenBy(info => Product(info.Shape))];
        for (int i = 0; i < ordered.Length; i++)
        {
            (string name, BlockFormat format, long[] shape, long offset) = ordered[i];
            string text = $"tensor '{DisplayText.Of(name)}'";
            if (!names.Add(name))
                throw new FormatException($"it has {text} twice");

            long elements = Product(shape) ?? throw new FormatException($"{text} is too large");
            long bytes = format.HasSize ? BytesOf(format, shape, elements, text, length - dataStart) : BytesUntil(i + 1 < ordered.Length ? ordered[i + 1].Offset : length - dataStart, offset, elements, text);
            if (offset < position || offset % _alignment != 0)
                throw new FormatException($"{text} begins at byte {offset} of the tensors, which is {(offset < position ? "inside another one" : "not aligned")}");

            if (offset + bytes > length - dataStart)
                throw new FormatException($"{text} ends at byte {offset + bytes} of the tensors, but the file has only {Math.Max(0, length - dataStart)}: it is truncated");

            tensors.Add(new GgufTensor(name, format, Meant(name, shape, elements), offset, offset + bytes));
            position = offset + bytes;
        }

        return tensors;
    }

    private static long BytesOf(BlockFormat format, long[] shape, long elements, string text, long available)
    {
        if (elements % format.Elements != 0 || (shape.Length > 0 && shape[^1] % format.Elements != 0))
            throw new FormatException($"{text} has rows that are not whole blocks of {format.Name}");

        return elements / format.Elements <= available / format.Bytes
            ? elements / format.Elements * format.Bytes
            : throw new FormatException($"{text} is larger than the file, which is truncated");
    }

    /// <summary>The bytes of a tensor whose format does not define them: all up to the next tensor, which are a bit for each number at least.</summary>
    private static long BytesUntil(long end, long offset, long elements, string text) =>
        end >= offset && elements / 8 <= end - offset && (elements == 0 || end > offset)
            ? end - offset
            : throw new FormatException($"{text} has {elements} numbers, but there are only {Math.Max(0, end - offset)} bytes up to the next tensor: it is truncated, or damaged");

    /// <summary>The shape that a tensor had before it was made fit for blocks.</summary>
    private long[] Meant(string name, long[] shape, long elements)
    {
        if (!_shapes.TryGetValue(name, out long[]? meant))
            return shape;

        return Product(meant) == elements ? meant : throw new FormatException($"tensor '{DisplayText.Of(name)}' does not have as many numbers as '{DisplayText.Of(ShapePrefix + name)}' says");
    }

    private static long? Product(long[] shape)
    {
        UInt128 product = 1;
        foreach (long size in shape)
        {
            product *= (UInt128)size;
            if (product > (UInt128)long.MaxValue / 64)
                return null;
        }

        return (long)product;
    }

    /// <summary>A number of things that take so many bytes each at least.</summary>
    private long Count(string what, int least)
    {
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return count <= (ulong)((length - _position) / least)
            ? (long)count
            : throw new FormatException($"it should have {count} {what}, but its {length} bytes are too few for that: it is truncated, or damaged");
    }

    private string Text(string what, int longest)
    {
        long bytes = TextLength();
        if (bytes > longest)
            throw new FormatException($"{what} would have {bytes} bytes");

        byte[] text = new byte[bytes];
        for (int done = 0; done < text.Length;)
        {
            ReadOnlySpan<byte> part = Take(Math.Min(BlockSize, text.Length - done));
            part.CopyTo(text.AsSpan(done));
            done += part.Length;
        }

        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw new FormatException($"{what} is not valid UTF-8");
    }

    private long TextLength()
    {
        ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return bytes <= (ulong)(length - _position) ? (long)bytes : throw Truncated();
    }

    private void Advance(long bytes)
    {
        if (bytes > length - _position)
            throw Truncated();

        _position += bytes;
        CheckLength();
    }

    /// <summary>The next bytes, at most a block of them.</summary>
    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > length - _position)
            throw Truncated();

        if (_position < _blockStart || _position + bytes > _blockStart + _blockLength)
        {
            _blockStart = _position;
            _blockLength = (int)Math.Min(_block.Length, length - _position);
            read(_blockStart, _block.AsSpan(0, _blockLength));
        }

        ReadOnlySpan<byte> taken = _block.AsSpan((int)(_position - _blockStart), bytes);
        _position += bytes;
        CheckLength();
        return taken;
    }

    private void CheckLength()
    {
        if (_position > MaximumLength)
            throw new FormatException($"its header is longer than the {MaximumLength} bytes that are allowed");
    }

    private FormatException Truncated() => new($"its header continues past its end at byte {length}: it is truncated");
}
