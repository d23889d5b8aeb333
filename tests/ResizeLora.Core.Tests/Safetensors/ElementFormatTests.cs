using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Safetensors;

/// <summary>The table of element formats, beside the definitions of the types and plain loops.</summary>
public sealed class ElementFormatTests
{
    private static readonly SafetensorsDType[] Real = [SafetensorsDType.F64, SafetensorsDType.F32, SafetensorsDType.BF16, SafetensorsDType.F16, SafetensorsDType.F8_E4M3, SafetensorsDType.F8_E5M2];
    private static readonly SafetensorsDType[] Whole = [SafetensorsDType.I64, SafetensorsDType.I32, SafetensorsDType.I8, SafetensorsDType.U8, SafetensorsDType.F8_E8M0];

    public static TheoryData<string> Small => [.. Formats.Where(format => format is { IsReadable: true, Bits: <= 16 }).Select(format => format.DType.ToString())];

    public static TheoryData<string> Outputs => [.. ElementFormat.Outputs.Select(format => format.DType.ToString())];

    private static IEnumerable<ElementFormat> Formats => Enum.GetValues<SafetensorsDType>().Select(ElementFormat.Of);

    [Fact]
    public void Each_type_has_its_row()
    {
        foreach (SafetensorsDType dtype in Enum.GetValues<SafetensorsDType>())
        {
            Assert.Equal(dtype, ElementFormat.Of(dtype).DType);
            Assert.Same(dtype.Format(), ElementFormat.Find(dtype.ToString()));
        }

        Assert.Null(ElementFormat.Find("f16"));
        Assert.Null(ElementFormat.Find("13"));
    }

    [Theory]
    [InlineData(4, "F4")]
    [InlineData(6, "F6_E2M3 F6_E3M2")]
    [InlineData(8, "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ")]
    [InlineData(16, "I16 U16 F16 BF16")]
    [InlineData(32, "I32 U32 F32")]
    [InlineData(64, "C64 F64 I64 U64")]
    public void Elements_have_the_bits_of_the_reference_library(int bits, string names) =>
        Assert.Equal(names, string.Join(' ', Formats.Where(format => format.Bits == bits).Select(format => format.DType)));

    [Fact]
    public void What_can_be_read_and_computed_with_is_known()
    {
        Assert.Equal(Real.Order(), Formats.Where(format => format.IsReal).Select(format => format.DType));
        Assert.Equal(Real.Concat(Whole).Order(), Formats.Where(format => format.IsReadable).Select(format => format.DType));
    }

    [Fact]
    public void Digits_and_range_are_those_of_the_numbers()
    {
        foreach (ElementFormat format in Formats.Where(format => format is { IsReal: true, Bits: <= 16 }))
        {
            double[] numbers = [.. Codes(format).Select(code => SampleElement.Read(format.DType, code)).Where(double.IsFinite)];
            double least = Math.ScaleB(1, format.LeastExponent);
            Assert.Equal(format.GreatestExponent, Math.ILogB(numbers.Max()));

            // From the least exponent on there are as many numbers between powers of two as the digits allow.
            Assert.Equal(1 << (format.SignificantBits - 1), numbers.Count(number => number >= least && number < 2 * least));
            Assert.Equal(1 << (format.SignificantBits - 1), numbers.Count(number => number >= 0 && number < least && !double.IsNegative(number)));
        }
    }

    [Fact]
    public void Four_bits_have_the_values_of_the_standard() =>
        Assert.Equal([0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6], SafetensorsDType.F4.Format().Values);

    [Theory]
    [MemberData(nameof(Small))]
    public void Every_pattern_of_bits_is_widened_to_its_number(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        byte[][] codes = [.. Codes(format)];
        byte[] elements = [.. codes.SelectMany(code => code)];
        AssertWidened(format, elements, [.. codes.Select(code => SampleElement.Read(format.DType, code))]);
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F64")]
    [InlineData("I32")]
    [InlineData("I64")]
    public void Random_patterns_of_more_bits_are_widened_to_their_numbers(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        byte[] elements = new byte[format.Size * 10_007];
        new Random(1).NextBytes(elements);
        AssertWidened(format, elements, [.. Enumerable.Range(0, 10_007).Select(i => SampleElement.Read(format.DType, elements.AsSpan(i * format.Size)))]);
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void Any_count_is_widened_from_anywhere_and_nothing_beyond(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        byte[] elements = new byte[(1100 * format.Size) + 1];
        new Random(2).NextBytes(elements);
        foreach (int count in (int[])[.. Enumerable.Range(0, 40), 511, 512, 513, 1027])
        {
            float[] singles = [.. Enumerable.Repeat(7f, count + 1)];
            double[] doubles = [.. Enumerable.Repeat(7.0, count + 1)];
            format.Widen(elements.AsSpan(1), singles.AsSpan(0, count));
            format.Widen(elements.AsSpan(1), doubles.AsSpan(0, count));
            Assert.Equal(7, singles[count]);
            Assert.Equal(7, doubles[count]);
            for (int i = 0; i < count; i++)
            {
                double expected = SampleElement.Read(format.DType, elements.AsSpan(1 + (i * format.Size)));
                Assert.Equal(expected, doubles[i]);
                Assert.Equal((float)expected, singles[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Every_number_of_a_type_survives_being_written(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        double[] numbers = [.. Numbers(format)];
        AssertNarrowed(format, numbers);
        Assert.All(numbers, number => Assert.Equal(number, format.Round(number)));
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Between_neighbours_the_nearest_is_written_and_half_way_the_even_one(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        double[] numbers = [.. Numbers(format).Order()];
        var asked = new List<double>();
        for (int i = 0; i + 1 < numbers.Length; i++)
        {
            double middle = (numbers[i] / 2) + (numbers[i + 1] / 2);
            asked.AddRange([middle, Math.BitDecrement(middle), Math.BitIncrement(middle), middle + ((numbers[i + 1] - middle) / 3), MathF.BitIncrement((float)middle)]);
        }

        AssertNarrowed(format, asked);
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Beyond_the_range_comes_infinity_and_below_it_zero(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        double greatest = Numbers(format).Max();
        double least = Numbers(format).Where(number => number > 0).Min();
        double limit = greatest + Math.ScaleB(1, format.GreatestExponent - format.SignificantBits);
        double[] asked = [limit, Math.BitDecrement(limit), Math.BitIncrement(limit), 1e300, double.MaxValue, double.PositiveInfinity, least / 2, Math.BitIncrement(least / 2), least / 3, double.Epsilon, 0];
        AssertNarrowed(format, [.. asked, .. asked.Select(number => -number)]);
        Assert.Equal(greatest, format.Round(Math.BitDecrement(limit)));
        if (format.DType == SafetensorsDType.F8_E4M3)
        {
            // It has no infinity, and its greatest number is the even one of the two.
            Assert.Equal(greatest, format.Round(limit));
            Assert.True(double.IsNaN(format.Round(Math.BitIncrement(limit))));
        }
        else
        {
            Assert.Equal(double.PositiveInfinity, format.Round(limit));
        }

        Assert.Equal(0, format.Round(least / 2));
        Assert.Equal(least, format.Round(Math.BitIncrement(least / 2)));
        Assert.True(double.IsNaN(format.Round(double.NaN)));
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Random_numbers_are_written_as_one_alone_is_in_any_count(string name)
    {
        ElementFormat format = ElementFormat.Find(name)!;
        var random = new Random(3);
        foreach (int count in (int[])[.. Enumerable.Range(0, 40), 511, 512, 513, 20_011])
            AssertNarrowed(format, [.. Enumerable.Range(0, count).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))).Select(number => double.IsNaN(number) ? 1 : number)]);
        AssertNarrowed(format, [.. Enumerable.Range(0, 20_011).Select(_ => (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-30, 20)))]);
    }

    [Fact]
    public void Numbers_are_rounded_once_and_not_by_way_of_single_precision()
    {
        // So little above the middle of two numbers that single precision can't tell it from the middle.
        Assert.Equal(258, SafetensorsDType.BF16.Format().Round(257 + 1e-9));
        Assert.Equal(258, SafetensorsDType.BF16.Format().Round(259 - 1e-9));
        Assert.Equal(2050, SafetensorsDType.F16.Format().Round(2049 + 1e-9));
        Assert.Equal(18, SafetensorsDType.F8_E4M3.Format().Round(17 + 1e-9));
        byte[] bytes = new byte[2 * 16];
        SafetensorsDType.F16.Format().Narrow([.. Enumerable.Repeat(2051 - 1e-9, 16)], bytes);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(2050, SampleElement.Read(SafetensorsDType.F16, bytes.AsSpan(2 * i))));
    }

    [Fact]
    public void All_codes_of_8_bits_are_those_of_the_definition()
    {
        ElementFormat format = SafetensorsDType.F8_E4M3.Format();
        for (int code = 0; code < 256; code++)
        {
            double number = Float8Table.Number((byte)code);
            AssertSame(number, format.Read([(byte)code]));
            AssertSame(number, SampleElement.Read(SafetensorsDType.F8_E4M3, [(byte)code]));
            byte[] written = new byte[1];
            format.Write(number, written);
            Assert.Equal(double.IsNaN(number) ? 0x7F : code, double.IsNaN(number) ? written[0] & 0x7F : written[0]);
        }
    }

    [Fact]
    public void Doubles_are_written_as_they_are() => Assert.Equal(0.1, SafetensorsDType.F64.Format().Round(0.1));

    [Fact]
    public void Other_types_are_neither_read_nor_written()
    {
        foreach (ElementFormat format in Formats)
        {
            if (!format.IsReadable)
                Assert.Throws<NotSupportedException>(() => format.Read(new byte[8]));
            if (format.OutputNames.Count == 0 && format.DType != SafetensorsDType.F64)
                Assert.Throws<NotSupportedException>(() => format.Write(1, new byte[8]));
        }
    }

    [Fact]
    public void Each_precision_is_a_row()
    {
        Assert.Equal(Enum.GetNames<ResizePrecision>().Except([nameof(ResizePrecision.Source)]).Order(), ElementFormat.Outputs.Select(format => format.OutputNames[0]).Order());
        string[] names = [.. ElementFormat.Outputs.SelectMany(format => format.OutputNames)];
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(ElementFormat.Outputs, format =>
        {
            ResizePrecision precision = Enum.Parse<ResizePrecision>(format.OutputNames[0]);
            Assert.All(format.OutputNames, name => Assert.Equal(precision, ResizePrecisions.OfShortName(name.ToUpperInvariant())));
            Assert.Equal(format.OutputNames[1], precision.ShortName());
            Assert.Equal(format.DType, precision.DType(SafetensorsDType.F64));
        });
    }

    [Theory]
    [InlineData("F16", "F16")]
    [InlineData("BF16", "BF16")]
    [InlineData("F32", "F32")]
    [InlineData("F64", "F32")]
    [InlineData("F8_E4M3", "F8_E4M3")]
    [InlineData("F8_E5M2", "F16")]
    public void The_source_s_precision_is_kept_where_outputs_may_have_it(string stored, string written) =>
        Assert.Equal(written, ResizePrecision.Source.DType(Enum.Parse<SafetensorsDType>(stored)).ToString());

    /// <summary>All patterns of bits of a type of 8 or 16.</summary>
    private static IEnumerable<byte[]> Codes(ElementFormat format) =>
        Enumerable.Range(0, 1 << format.Bits).Select(code => BitConverter.GetBytes(code)[..format.Size]);

    /// <summary>All finite numbers of a type; of single precision, many.</summary>
    private static IEnumerable<double> Numbers(ElementFormat format)
    {
        if (format.Bits <= 16)
            return Codes(format).Select(code => SampleElement.Read(format.DType, code)).Where(double.IsFinite);

        var random = new Random(4);
        IEnumerable<int> neighbours = Enumerable.Range(0, 20_000).Select(_ => random.Next(0, 0x7F7FFFFF)).SelectMany(bits => new[] { bits, bits + 1 });
        return neighbours.Concat([0, 1, 0x7F7FFFFF]).Select(bits => (double)BitConverter.Int32BitsToSingle(bits)).SelectMany(number => new[] { number, -number });
    }

    private static void AssertWidened(ElementFormat format, byte[] elements, double[] expected)
    {
        double[] doubles = new double[expected.Length];
        float[] singles = new float[expected.Length];
        format.Widen(elements, doubles);
        format.Widen(elements, singles);
        for (int i = 0; i < expected.Length; i++)
        {
            AssertSame(expected[i], doubles[i]);
            AssertSame((float)expected[i], singles[i]);
            AssertSame(expected[i], format.Read(elements.AsSpan(i * format.Size)));
        }
    }

    /// <summary>Asserts that numbers, and what single precision holds of them, are written as the definition says.</summary>
    private static void AssertNarrowed(ElementFormat format, IReadOnlyList<double> numbers)
    {
        byte[] expected = new byte[format.Size];
        byte[] fromDoubles = new byte[numbers.Count * format.Size];
        byte[] fromSingles = new byte[numbers.Count * format.Size];
        float[] singles = [.. numbers.Select(number => (float)number)];
        format.Narrow([.. numbers], fromDoubles);
        format.Narrow(singles, fromSingles);
        for (int i = 0; i < numbers.Count; i++)
        {
            AssertBytes(numbers[i], fromDoubles);
            AssertBytes(singles[i], fromSingles);

            void AssertBytes(double number, byte[] actual)
            {
                SampleElement.Write(format.DType, number, expected);
                if (!expected.AsSpan().SequenceEqual(actual.AsSpan(i * format.Size, format.Size)))
                    Assert.Fail($"{number:R} has become {Convert.ToHexString(actual, i * format.Size, format.Size)} instead of {Convert.ToHexString(expected)}.");
            }
        }
    }

    /// <summary>Equal to the bit, so that -0 is not 0; all NaN are one.</summary>
    private static void AssertSame(double expected, double actual)
    {
        if (double.IsNaN(expected) ? !double.IsNaN(actual) : BitConverter.DoubleToInt64Bits(expected) != BitConverter.DoubleToInt64Bits(actual))
            Assert.Fail($"{actual:R} instead of {expected:R}.");
    }
}
