namespace ResizeLora.Core.Tests.Views;

public class NumberTextTests
{
    [Theory]
    [InlineData(0, "0%")]
    [InlineData(65.46, "65.5%")]
    [InlineData(-0.61, "-0.6%")]
    [InlineData(-0.003, "0.0%")]
    [InlineData(0.003, "0.0%")]
    [InlineData(99.99, "100.0%")]
    [InlineData(100, "100.0%")]
    [InlineData(-100.4, "-100%")]
    [InlineData(-10565.3, "-10565%")]
    [InlineData(-999999.4, "-999999%")]
    [InlineData(-12345678, "-1E7%")]
    public void Percent(double value, string expected) => Assert.Equal(expected, NumberText.Percent(value));

    [Theory]
    [InlineData(null, "")]
    [InlineData(0.0, "0.0000")]
    [InlineData(0.2652, "0.2652")]
    [InlineData(0.00123, "0.0012")]
    [InlineData(0.000999, "1.0E-03")]
    [InlineData(3.14159e-7, "3.1E-07")]
    [InlineData(12.34567, "12.3457")]
    [InlineData(999.94, "999.9400")]
    [InlineData(999.99999, "1000.0")]
    [InlineData(99999.4, "99999.4")]
    [InlineData(123456.0, "1.2E05")]
    [InlineData(double.NaN, "NaN")]
    public void Norm(double? value, string expected)
    {
        Assert.Equal(expected, NumberText.Norm(value));
        Assert.InRange(NumberText.Norm(value).Length, 0, 8);
    }

    [Fact]
    public void First_tells_how_many_there_are()
    {
        Assert.Equal("1.5 0.3333 1E-05 ... (4)", NumberText.First([1.5, 1.0 / 3, 0.00001, 0], 3));
        Assert.Equal("1.5 0.5", NumberText.First([1.5, 0.5], 3));
        Assert.Equal("", NumberText.First([], 3));
    }
}
