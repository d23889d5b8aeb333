namespace ResizeLora.Core.Tests.Views;

public class FileSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10239, "10.0 KiB")]
    [InlineData(102400, "100 KiB")]
    [InlineData(1048575, "1024 KiB")]
    [InlineData(88289280, "84.2 MiB")]
    [InlineData(1836311903, "1.71 GiB")]
    public void Three_digits_and_the_unit_that_fits(long bytes, string expected) => Assert.Equal(expected, FileSize.Format(bytes));

    [Fact]
    public void No_size_is_wider_than_its_column() =>
        Assert.All([1L, 1023, 10235, 102348, 1048575], size => Assert.InRange(FileSize.Format(size * 1024).Length, 1, 8));
}
