namespace ResizeLora.Cmdlet.Tests.Soak;

/// <summary>What the soak test calls growth: a leak is, and what a busy machine does is not.</summary>
public class GrowthTests
{
    private static readonly int[] Files = [.. Enumerable.Range(1, 10).Select(i => 6 * i)];

    [Fact]
    public void A_leak_with_each_file_is_growth() => Assert.Equal(54, Of(files => 210 + files), 1e-9);

    [Fact]
    public void A_leak_now_and_then_is_growth() => Assert.InRange(Of(files => 210 + files / 4), 12, 15);

    [Fact]
    public void A_leak_shows_beside_all_that_comes_and_goes()
    {
        var random = new Random(1);
        Assert.InRange(Of(files => 210 + files + random.Next(20)), 35, 70);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(60)]
    public void What_is_there_at_one_moment_is_not(int moment) => Assert.Equal(0, Of(files => files == moment ? 1000 : 210));

    [Theory]
    [InlineData(12)]
    [InlineData(54)]
    public void What_comes_once_and_stays_is_not(int moment) => Assert.Equal(0, Of(files => files >= moment ? 240 : 210));

    private static double Of(Func<int, double> value) => Growth.Of([.. Files.Select(files => ((double)files, value(files)))]);
}
