namespace ResizeLora.Core.Tests.Architecture;

/// <summary>Arrows lead downwards only: no folder uses a type of a folder above it, by what the compiled assembly really uses.</summary>
public class FolderOrderTests
{
    private static string[] Order => CoreFolders.Order;

    private static FolderMap Map => CoreFolders.Map;

    public static TheoryData<string> Folders => [.. Order];

    [Fact]
    public void Every_folder_of_the_source_has_its_place_in_the_order() =>
        Assert.Equal(Order.Order(StringComparer.Ordinal), Map.Folders.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_type_is_in_a_folder() => Assert.Empty(Map.TypesWithoutFolder);

    [Theory]
    [MemberData(nameof(Folders))]
    public void No_folder_uses_one_above_it(string folder)
    {
        int place = Array.IndexOf(Order, folder);
        Assert.DoesNotContain(Map.Uses, use => use.FromFolder == folder && Array.IndexOf(Order, use.ToFolder) > place);
    }

    /// <summary>That uses are found at all: the job at the top leads to the bottom, and each folder above the ground uses another.</summary>
    [Fact]
    public void Uses_are_found_in_compiled_code()
    {
        Assert.Contains(Map.Uses, use => use is { From: "LayerDecomposer", To: "INumericEngine" });
        Assert.All(Order.Skip(2), folder => Assert.Contains(Map.Uses, use => use.FromFolder == folder && use.ToFolder != folder));
    }
}
