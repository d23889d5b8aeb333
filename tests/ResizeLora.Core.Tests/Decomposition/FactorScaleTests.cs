using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Decomposition;

public class FactorScaleTests
{
    private static readonly ElementFormat Half = ElementFormat.Of(SafetensorsDType.F16);

    public static TheoryData<int> Ranks => [1, 2, 3, 4, 7, 16, 31, 32, 100, 128, 255, 256, 320, 511, 768, 1024, 2048];

    [Theory]
    [InlineData(nameof(SafetensorsDType.F16))]
    [InlineData(nameof(SafetensorsDType.BF16))]
    [InlineData(nameof(SafetensorsDType.F32))]
    public void Alpha_is_the_rank_and_factors_stay_as_they_are(string dtype) =>
        Assert.Equal(new FactorScale(32, 1, 1), FactorScale.Choose(32, Type(dtype), hasAlpha: true, largest: 0.5, smallestColumn: 0.01));

    [Theory]
    [InlineData(nameof(SafetensorsDType.F16), 1e6, 1e-9)]
    [InlineData(nameof(SafetensorsDType.BF16), 1, 1)]
    [InlineData(nameof(SafetensorsDType.F32), 1, 1)]
    public void Without_an_alpha_tensor_nothing_is_moved(string dtype, double largest, double smallest) =>
        Assert.Equal(new FactorScale(257, 1, 1), FactorScale.Choose(257, Type(dtype), hasAlpha: false, largest, smallest));

    [Fact]
    public void Tiny_factors_are_raised_by_a_power_of_two_and_alpha_lowered_by_its_square()
    {
        FactorScale scale = FactorScale.Choose(16, Half, hasAlpha: true, largest: 1e-4, smallestColumn: Math.ScaleB(1, -14));
        Assert.Equal(new FactorScale(16 / 1024.0, 32, 32), scale);
    }

    [Fact]
    public void Huge_factors_are_lowered_and_alpha_raised()
    {
        FactorScale scale = FactorScale.Choose(16, Half, hasAlpha: true, largest: 70_000, smallestColumn: 1);
        Assert.True(70_000 * scale.Up <= 65504);
        Assert.Equal(16 / (scale.Up * scale.Down), scale.Alpha);
    }

    [Fact]
    public void Where_tiny_and_huge_meet_the_huge_must_not_overflow()
    {
        FactorScale scale = FactorScale.Choose(8, Half, hasAlpha: true, largest: 3000, smallestColumn: 1e-9);
        Assert.True(3000 * scale.Up <= 65504);
        Assert.True(scale.Up > 1);
    }

    [Theory]
    [InlineData(nameof(SafetensorsDType.BF16))]
    [InlineData(nameof(SafetensorsDType.F32))]
    public void Types_of_a_wide_range_need_no_shift(string dtype) =>
        Assert.Equal(new FactorScale(16, 1, 1), FactorScale.Choose(16, Type(dtype), hasAlpha: true, largest: 1e7, smallestColumn: 1e-12));

    [Theory]
    [MemberData(nameof(Ranks))]
    public void The_output_type_holds_alpha_exactly_and_as_a_normal_number(int rank)
    {
        foreach ((ElementFormat format, double magnitude) in Combinations())
        {
            double alpha = FactorScale.Choose(rank, format, true, magnitude, magnitude / 8).Alpha;
            Assert.Equal(alpha, SampleElement.Round(format.DType, alpha));
            Assert.InRange(alpha, Math.ScaleB(1, -14), 65504);
        }
    }

    [Theory]
    [MemberData(nameof(Ranks))]
    public void What_alpha_loses_the_factors_gain(int rank)
    {
        foreach ((ElementFormat format, double magnitude) in Combinations())
        {
            FactorScale scale = FactorScale.Choose(rank, format, true, magnitude, magnitude / 8);
            double product = scale.Alpha / rank * scale.Up * scale.Down;
            Assert.InRange(product, 1 - 4e-16, 1 + 4e-16);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1024)]
    public void A_half_s_shift_is_exact(int rank)
    {
        for (double magnitude = 1e-12; magnitude < 1e9; magnitude *= 3)
        {
            FactorScale scale = FactorScale.Choose(rank, Half, true, magnitude, magnitude);
            Assert.Equal(rank, scale.Alpha * scale.Up * scale.Down);
            Assert.Equal(Math.ScaleB(1, Math.ILogB(scale.Up)), scale.Up);
        }
    }

    [Fact]
    public void In_a_coarse_format_entries_are_brought_to_about_4_and_alpha_undoes_it()
    {
        ElementFormat format = Type("F8_E4M3");
        for (int exponent = -50; exponent <= 50; exponent++)
        {
            double size = Math.ScaleB(1.3, exponent);
            FactorScale scale = FactorScale.ChooseCoarse(10, format, isFree: true, new FactorEntries(size, 5 * size), new FactorEntries(1000 * size, 4000 * size));
            Assert.InRange(size * scale.Up, 2.8, 5.7);
            Assert.InRange(1000 * size * scale.Down, 2.8, 5.7);
            Assert.Equal(10, scale.Alpha * scale.Up * scale.Down);
            Assert.Equal((float)scale.Alpha, scale.Alpha);
        }
    }

    [Theory]
    [InlineData(1, 448)]
    [InlineData(1e-3, 1)]
    [InlineData(1, 1e30)]
    [InlineData(1e-30, 1e10)]
    public void In_a_coarse_format_no_entry_goes_beyond_the_greatest_number(double size, double largest)
    {
        FactorScale scale = FactorScale.ChooseCoarse(4, Type("F8_E4M3"), isFree: true, new FactorEntries(size, largest), new FactorEntries(1, 1));
        Assert.InRange(largest * scale.Up, 112, 448);
        Assert.Equal(new FactorScale(4, 1, 1), FactorScale.ChooseCoarse(4, Type("F8_E4M3"), isFree: false, new FactorEntries(size, largest), new FactorEntries(1, 1)));
    }

    private static ElementFormat Type(string name) => ElementFormat.Find(name)!;

    private static IEnumerable<(ElementFormat Format, double Magnitude)> Combinations() =>
        from format in ElementFormat.Outputs.Where(format => !format.IsCoarse)
        from exponent in Enumerable.Range(-30, 50)
        select (format, Math.ScaleB(1.3, exponent));
}
