using System.Text.RegularExpressions;
using ResizeLora.Norms;
using ResizeLora.Recipes;

namespace ResizeLora.Cmdlet.Tests.Help;

public sealed partial class AboutTopicTests
{
    private const string Recipes = "about_ResizeLora_Recipes";
    private const string Cache = "about_ResizeLora_Cache";
    private const string Errors = "about_ResizeLora_Errors";

    public static TheoryData<string> Names => [.. HelpSource.Topics.Keys];

    public static TheoryData<string> Keys => [.. RecipeKey.All.Select(key => key.Name)];

    [Fact]
    public void There_are_four() => Assert.Equal(["about_ResizeLora", Cache, Errors, Recipes], HelpSource.Topics.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void Has_the_form_that_PowerShell_wants(string topic)
    {
        string text = HelpSource.Topics[topic];

        Assert.StartsWith($"TOPIC\n    {topic}\n\nSHORT DESCRIPTION\n    ", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Split('\n'), line => line.Length > 80 || line.Contains('\t', StringComparison.Ordinal) || line.EndsWith(' '));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Has_an_example(string topic) => Assert.NotEmpty(HelpSource.TopicExamples(HelpSource.Topics[topic]));

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_only_what_there_is(string topic)
    {
        string[] known = [.. HelpSource.Topics.Keys, .. HelpSource.Pages.Select(page => page.Command)];

        Assert.All(
            Name().Matches(HelpSource.Topics[topic]).Select(match => match.Value),
            name => Assert.Contains(name, known));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Recipes_explains_the_key(string key) => Assert.Matches($@"(?m)^[\w :]*\b{key}\b", HelpSource.Topics[Recipes]);

    /// <summary>If this fails, put the text that is expected into the topic.</summary>
    [Fact]
    public void Recipes_lists_the_keys_as_the_module_has_them() => Assert.Contains(KeyTable.Text, HelpSource.Topics[Recipes], StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Keys))]
    public void The_readme_says_of_a_key_what_the_module_says(string key) => Assert.Matches(
        RecipeKey.Find(key) is ScoreReference reference ? $@"(?m)^\| `{key}` \| {Regex.Escape(reference.ComparedWith)}\b" : $@"`{key}=",
        HelpSource.Readme);

    [Fact]
    public void Recipes_names_the_default() => Assert.Contains(ResizeRecipe.Default.ToString(), HelpSource.Topics[Recipes], StringComparison.Ordinal);

    [Fact]
    public void Cache_names_the_variable() => Assert.Contains(NormCache.FolderVariable, HelpSource.Topics[Cache], StringComparison.Ordinal);

    [GeneratedRegex(@"\babout_\w+|\b\w+-(Lora|Resize|SpectralNorm)\w+")]
    private static partial Regex Name();
}
