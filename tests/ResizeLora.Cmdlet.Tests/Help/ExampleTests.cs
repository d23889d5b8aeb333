namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>Every example that users read runs as it stands, in a folder with the sample files, and prints what is shown.</summary>
public sealed class ExampleTests(SampleFixture sample) : IClassFixture<SampleFixture>
{
    // These build the module or import it from the checkout, which the test run has done.
    private static readonly string[] Building = ["dotnet ", "build.ps1", "Import-Module ./ResizeLora.psd1"];

    public static TheoryData<string, int> OfPages => Numbered(HelpSource.Pages.Select(page => (page.Command, page.Examples.Count)));

    public static TheoryData<string, int> OfTopics => Numbered(HelpSource.Topics.Select(topic => (topic.Key, HelpSource.TopicExamples(topic.Value).Count)));

    public static TheoryData<int> OfReadme => [.. Enumerable.Range(1, ReadmeBlocks.Length)];

    private static string[] ReadmeBlocks { get; } =
        [.. HelpSource.CodeBlocks(HelpSource.Readme).Where(code => !Building.Any(text => code.Contains(text, StringComparison.Ordinal)))];

    [Theory]
    [MemberData(nameof(OfPages))]
    public void Of_a_cmdlet(string command, int number) =>
        sample.Run(HelpSource.Pages.Single(page => page.Command == command).Examples[number - 1].Code, HelpSource.PathOf(command));

    [Theory]
    [MemberData(nameof(OfTopics))]
    public void Of_an_about_topic(string topic, int number) => sample.Run(HelpSource.TopicExamples(HelpSource.Topics[topic])[number - 1]);

    [Theory]
    [MemberData(nameof(OfReadme))]
    public void Of_the_readme(int number) => sample.Run(ReadmeBlocks[number - 1], HelpSource.ReadmePath);

    [Fact]
    public void Every_output_that_is_shown_follows_its_example() =>
        Assert.All([HelpSource.Readme, .. HelpSource.Pages.Select(page => page.Text)], text => Assert.Equal(text.Split("```Output\n").Length - 1, ExampleOutput.Count(text)));

    private static TheoryData<string, int> Numbered(IEnumerable<(string Name, int Count)> sources)
    {
        var data = new TheoryData<string, int>();
        foreach ((string name, int count) in sources)
        {
            for (int number = 1; number <= count; number++)
                data.Add(name, number);
        }

        return data;
    }
}
