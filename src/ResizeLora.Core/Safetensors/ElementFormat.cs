using System.Runtime.CompilerServices;

namespace ResizeLora.Safetensors;

/// <summary>
/// How numbers are stored in tensors: a row for each element type. Whatever depends on the type of a tensor comes from its
/// row, and an output format is a row with <see cref="OutputNames"/> and <see cref="FromSingles"/>.
/// </summary>
/// <param name="dtype">The type.</param>
/// <param name="bits">Bits of an element.</param>
/// <param name="significantBits">Binary digits of a number, the leading one included; 0 for other types.</param>
/// <param name="leastExponent">The exponent of the least number that has all these digits.</param>
/// <param name="greatest">The greatest finite number.</param>
internal sealed class ElementFormat(SafetensorsDType dtype, int bits, int significantBits = 0, int leastExponent = 0, double greatest = 0)
{
    /// <summary>The rows, in the order of the types.</summary>
    private static readonly ElementFormat[] Rows =
    [
        new(SafetensorsDType.BOOL, 8),
        new(SafetensorsDType.F4, 4, significantBits: 2, leastExponent: 0, greatest: 6),
        new(SafetensorsDType.F6_E2M3, 6),
        new(SafetensorsDType.F6_E3M2, 6),
        new(SafetensorsDType.U8, 8) { ValueOf = code => code },
        new(SafetensorsDType.I8, 8) { ValueOf = code => (sbyte)code },
        new(SafetensorsDType.F8_E5M2, 8, significantBits: 3, leastExponent: -14, greatest: 57344),
        new(SafetensorsDType.F8_E4M3, 8, significantBits: 4, leastExponent: -6, greatest: 448)
        {
            ToSingles = ElementWidening.FromFloat8,
            FromSingles = ElementNarrowing.ToFloat8,
            OutputNames = ["Float8", "fp8", "f8"],
            Companion = SafetensorsDType.F32,
        },
        new(SafetensorsDType.F8_E8M0, 8) { ValueOf = code => code == byte.MaxValue ? double.NaN : Math.ScaleB(1, code - 127) },
        new(SafetensorsDType.F8_E4M3FNUZ, 8),
        new(SafetensorsDType.F8_E5M2FNUZ, 8),
        new(SafetensorsDType.I16, 16),
        new(SafetensorsDType.U16, 16),
        new(SafetensorsDType.F16, 16, significantBits: 11, leastExponent: -14, greatest: 65504)
        {
            ToSingles = ElementWidening.FromHalf,
            FromSingles = ElementNarrowing.ToHalf,
            OutputNames = ["Float16", "fp16", "f16"],
        },
        new(SafetensorsDType.BF16, 16, significantBits: 8, leastExponent: -126, greatest: Math.ScaleB(255, 120))
        {
            ToSingles = ElementWidening.FromBFloat,
            FromSingles = ElementNarrowing.ToBFloat,
            OutputNames = ["BFloat16", "bf16"],
        },
        new(SafetensorsDType.I32, 32) { ToSingles = ElementWidening.Convert<int, float>, ToDoubles = ElementWidening.Convert<int, double> },
        new(SafetensorsDType.U32, 32),
        new(SafetensorsDType.F32, 32, significantBits: 24, leastExponent: -126, greatest: float.MaxValue)
        {
            ToSingles = ElementWidening.Copy,
            FromSingles = ElementNarrowing.Copy,
            FromDoubles = ElementNarrowing.ToSingle,
            OutputNames = ["Float32", "fp32", "f32"],
        },
        new(SafetensorsDType.C64, 64),
        new(SafetensorsDType.F64, 64, significantBits: 53, leastExponent: -1022, greatest: double.MaxValue)
        {
            ToSingles = ElementWidening.Convert<double, float>,
            ToDoubles = ElementWidening.Copy,
            FromDoubles = ElementNarrowing.Copy,
        },
        new(SafetensorsDType.I64, 64) { ToSingles = ElementWidening.Convert<long, float>, ToDoubles = ElementWidening.Convert<long, double> },
        new(SafetensorsDType.U64, 64),
    ];

    private static readonly Dictionary<string, ElementFormat> ByName = Rows.ToDictionary(row => row.DType.ToString(), StringComparer.Ordinal);

    /// <summary>Numbers that are on their way through single precision at a time; they stay in cache.</summary>
    private const int BlockLength = 512;

    private float[]? _values;

    /// <summary>Makes numbers of elements.</summary>
    public delegate void Widening<T>(ReadOnlySpan<byte> elements, Span<T> numbers);

    /// <summary>Makes elements of numbers.</summary>
    public delegate void Narrowing<T>(ReadOnlySpan<T> numbers, Span<byte> elements);

    /// <summary>The formats that an output may have.</summary>
    public static IEnumerable<ElementFormat> Outputs => Rows.Where(row => row.OutputNames.Count > 0);

    public SafetensorsDType DType { get; } = dtype;

    public int Bits { get; } = bits;

    /// <summary>Bytes of an element; 0 where it is less than one.</summary>
    public int Size => Bits / 8;

    /// <summary>Binary digits of a number, the leading one included; 0 for what is not a floating-point type.</summary>
    public int SignificantBits { get; } = significantBits;

    /// <summary>The exponent of the least number that has all its digits.</summary>
    public int LeastExponent { get; } = leastExponent;

    /// <summary>The greatest finite number.</summary>
    public double Greatest => greatest;

    /// <summary>The exponent of the greatest finite number.</summary>
    public int GreatestExponent => Math.ILogB(greatest);

    /// <summary>Whether the range is so much less than that of single precision that numbers of a sound LoRA may be outside it.</summary>
    public bool IsNarrow => LeastExponent > -126;

    /// <summary>
    /// Whether it has so few digits, and so short a range, that factors are rotated and scaled before they are stored in it; alpha
    /// takes the scale.
    /// </summary>
    public bool IsCoarse => Bits <= 8;

    /// <summary>Whether it contains numbers that can be read.</summary>
    public bool IsReadable => ToSingles is not null || (Bits == 8 && HasValues);

    /// <summary>Whether it is a floating-point type that can be read: what weights, factors and magnitudes may be stored as.</summary>
    public bool IsReal => SignificantBits > 0 && IsReadable;

    /// <summary>
    /// Its name as a format of outputs: the member of <see cref="ResizePrecision"/>, the word in file
    /// names, then other words. Empty where outputs can't have it.
    /// </summary>
    public IReadOnlyList<string> OutputNames { get; private init; } = [];

    /// <summary>The type of single numbers that belong to a tensor of this type, such as alpha.</summary>
    public SafetensorsDType Companion { get; private init; } = dtype;

    /// <summary>All numbers of a type of 8 bits or fewer, by their codes.</summary>
    public float[] Values => _values ??= [.. Enumerable.Range(0, 1 << Bits).Select(code => (float)(ValueOf ?? FloatOf)(code))];

    /// <summary>The number of a code, where it is not a float.</summary>
    private Func<int, double>? ValueOf { get; init; }

    private Widening<float>? ToSingles { get; init; }

    /// <summary>Only for types whose numbers don't all fit into single precision.</summary>
    private Widening<double>? ToDoubles { get; init; }

    private Narrowing<float>? FromSingles { get; init; }

    /// <summary>Only for types that have more than 22 digits; see <see cref="ElementNarrowing.ToOdd"/>.</summary>
    private Narrowing<double>? FromDoubles { get; init; }

    private bool HasValues => ValueOf is not null || SignificantBits > 0;

    /// <summary>The row of a type.</summary>
    public static ElementFormat Of(SafetensorsDType dtype) => Rows[(int)dtype];

    /// <summary>The row of a type by its name in headers; null if there is none.</summary>
    public static ElementFormat? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Fills <paramref name="numbers"/> with elements; exact, infinities and NaN included, but for types of more than 24 digits, which are rounded.</summary>
    public void Widen(ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        if (ToSingles is not null)
            ToSingles(elements, numbers);
        else if (IsReadable)
            ElementWidening.FromTable(Values, elements, numbers);
        else
            throw new NotSupportedException($"{DType} can't be read.");
    }

    /// <summary>Fills <paramref name="numbers"/> with elements; exact, infinities and NaN included, but for integers of more than 53 digits.</summary>
    [SkipLocalsInit]
    public void Widen(ReadOnlySpan<byte> elements, Span<double> numbers)
    {
        if (ToDoubles is not null)
        {
            ToDoubles(elements, numbers);
            return;
        }

        Span<float> singles = stackalloc float[BlockLength];
        for (; !numbers.IsEmpty; numbers = numbers[singles.Length..], elements = elements[(singles.Length * Size)..])
        {
            singles = singles[..Math.Min(singles.Length, numbers.Length)];
            Widen(elements, singles);
            ElementWidening.ToDouble(singles, numbers);
        }
    }

    /// <summary>Writes numbers, rounded once, to nearest even.</summary>
    public void Narrow(ReadOnlySpan<float> numbers, Span<byte> elements) =>
        (FromSingles ?? throw NotWritable())(numbers, elements);

    /// <summary>Writes numbers, rounded once, to nearest even.</summary>
    [SkipLocalsInit]
    public void Narrow(ReadOnlySpan<double> numbers, Span<byte> elements)
    {
        if (FromDoubles is not null)
        {
            FromDoubles(numbers, elements);
            return;
        }

        Span<float> singles = stackalloc float[BlockLength];
        for (; !numbers.IsEmpty; numbers = numbers[singles.Length..], elements = elements[(singles.Length * Size)..])
        {
            singles = singles[..Math.Min(singles.Length, numbers.Length)];
            ElementNarrowing.ToOdd(numbers[..singles.Length], singles);
            Narrow(singles, elements);
        }
    }

    /// <summary>Reads one element.</summary>
    public double Read(ReadOnlySpan<byte> element)
    {
        double number = 0;
        Widen(element, new Span<double>(ref number));
        return number;
    }

    /// <summary>Writes one number, rounded to nearest even.</summary>
    public void Write(double number, Span<byte> element) => Narrow(new ReadOnlySpan<double>(in number), element);

    /// <summary>The number nearest to another that the type can hold.</summary>
    public double Round(double number)
    {
        Span<byte> element = stackalloc byte[sizeof(double)];
        Write(number, element);
        return Read(element);
    }

    /// <summary>
    /// The number of a code of few bits, which are a sign, an exponent and the digits after the leading one. What is beyond the
    /// greatest number is infinity in types that have one, whose digits are zeros, and else NaN (arXiv:2209.05433).
    /// </summary>
    private double FloatOf(int code)
    {
        int digitBits = SignificantBits - 1;
        int digits = code & ((1 << digitBits) - 1);
        int exponent = (code & ((1 << (Bits - 1)) - 1)) >> digitBits;
        double magnitude = exponent == 0
            ? Math.ScaleB(digits, LeastExponent - digitBits)
            : Math.ScaleB((1 << digitBits) + digits, LeastExponent + exponent - 1 - digitBits);
        if (magnitude > greatest)
            magnitude = digits == 0 ? double.PositiveInfinity : double.NaN;
        return code >> (Bits - 1) == 0 ? magnitude : -magnitude;
    }

    private NotSupportedException NotWritable() => new($"{DType} can't be written.");
}

internal static class SafetensorsDTypeFormat
{
    /// <summary>How numbers of a type are stored.</summary>
    public static ElementFormat Format(this SafetensorsDType dtype) => ElementFormat.Of(dtype);
}
