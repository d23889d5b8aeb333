namespace ResizeLora.Core.Tests.Views;

public class SparklineTests
{
    private static readonly double[] Falling = [1, .. Enumerable.Range(1, 7).Select(index => Math.Pow(10, -0.1 - index / 4.0))];

    [Fact]
    public void Each_step_is_a_quarter_of_a_decade() => Assert.Equal("█▇▆▅▄▃▂▁", Sparkline.Draw(Falling, 16));

    [Fact]
    public void Scale_ends_at_the_largest_value_whatever_its_size() =>
        Assert.Equal(Sparkline.Draw(Falling, 16), Sparkline.Draw([.. Falling.Select(value => value * 1e-200)], 16));

    [Fact]
    public void What_is_below_the_scale_is_lowest() => Assert.Equal("█▁▁", Sparkline.Draw([1, 0.009, double.Epsilon], 16));

    [Fact]
    public void Equal_values_are_all_highest() => Assert.Equal("████", Sparkline.Draw([0.3, 0.3, 0.3, 0.3], 16));

    [Fact]
    public void Of_many_values_the_largest_of_each_share_is_drawn() =>
        Assert.Equal("█▇▆▅", Sparkline.Draw([.. Falling.Take(4).SelectMany(value => new[] { value, value / 100, value / 100 })], 4));

    [Theory]
    [InlineData(17)]
    [InlineData(24)]
    [InlineData(320)]
    public void Never_longer_than_its_width(int count) =>
        Assert.Equal(16, Sparkline.Draw([.. Enumerable.Range(1, count).Select(index => 1.0 / index)], 16).Length);

    [Fact]
    public void Zero_and_what_is_no_number_is_blank() => Assert.Equal("█   ", Sparkline.Draw([1, 0, double.NaN, double.PositiveInfinity], 16));

    [Fact]
    public void Nothing_draws_nothing()
    {
        Assert.Equal("", Sparkline.Draw([], 16));
        Assert.Equal("", Sparkline.Draw([1, 2], 0));
        Assert.Equal("  ", Sparkline.Draw([0, 0], 16));
    }
}
