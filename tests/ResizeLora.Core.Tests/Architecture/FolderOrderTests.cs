using System.Reflection;
using System.Text.RegularExpressions;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>Data goes one way: no folder names a namespace of a folder further down.</summary>
public partial class FolderOrderTests
{
    private static readonly string[] Order =
        ["Safetensors", "Peft", "Adapters", "Checkpoints", "Pairing", "Decomposition", "Norms", "Recipes", "Scoring", "Selection", "Writing", "Info", "Pipeline"];

    // These serve all of the flow and may know nothing of it.
    private static readonly string[] Ground = ["Faults", "Files", "Concurrency", "Views"];

    private static string Source { get; } = typeof(FolderOrderTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "CoreSource").Value!;

    public static TheoryData<string> Folders => [.. Ground, .. Order];

    [Fact]
    public void Every_folder_of_the_source_has_its_place_in_the_order() => Assert.Equal(
        Order.Concat(Ground).Order(StringComparer.Ordinal),
        Directory.GetDirectories(Source).Select(folder => Path.GetFileName(folder)).Except(["bin", "obj"]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Folders))]
    public void No_folder_uses_one_further_down(string folder)
    {
        string[] files = Directory.GetFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        string[] further = [.. Order.Skip(Array.IndexOf(Order, folder) + 1)];
        string[] violations = [.. files.SelectMany(file => UsedFolders(File.ReadAllText(file))
            .Intersect(further)
            .Select(used => $"{folder}/{Path.GetFileName(file)} uses {used}"))];
        Assert.Empty(violations);
    }

    [Fact]
    public void Uses_are_found_in_source_text()
    {
        Assert.Equal(["Pairing"], UsedFolders("namespace ResizeLora.Writing;\nusing ResizeLora.Pairing;"));
        Assert.Equal(["Norms"], UsedFolders("    var x = new ResizeLora.Norms.NormCache();"));
        Assert.Equal(["Norms"], UsedFolders("using static ResizeLora.Norms.NormCache;"));
    }

    private static IEnumerable<string> UsedFolders(string text) => Use().Matches(text).Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex(@"(?<!namespace )\bResizeLora\.([A-Z][A-Za-z]+)\b")]
    private static partial Regex Use();
}
