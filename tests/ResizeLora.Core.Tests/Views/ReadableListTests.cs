namespace ResizeLora.Core.Tests.Views;

public class ReadableListTests
{
    [Fact]
    public void Prints_its_items() => Assert.Equal("1.5 0.25 1E-09", new ReadableList<double>([1.5, 0.25, 1e-9], ' ').ToString());

    [Fact]
    public void Prints_recipes_that_can_be_parsed_again() =>
        Assert.Equal("spn_ckpt=1,thr=-1:params=1,size=2", new ReadableList<ResizeRecipe>([ResizeRecipe.Parse("spn_ckpt,thr=-1"), ResizeRecipe.Parse("params,size=2")], ':').ToString());

    [Fact]
    public void Empty_prints_nothing() => Assert.Equal("", new ReadableList<double>([], ' ').ToString());
}
