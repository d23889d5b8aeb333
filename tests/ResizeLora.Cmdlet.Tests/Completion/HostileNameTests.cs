using System.Management.Automation;
using System.Management.Automation.Language;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Completion;

/// <summary>Names from files of strangers: what Tab puts in is one word with that text, and never a command.</summary>
public sealed class HostileNameTests : IDisposable
{
    private static readonly string[] Names =
    [
        "x'; Get-Date; '", "x\u2019; Get-Date; \u2018", "x\u201a; Get-Date #", "x\u201b; Get-Date #",
        "x\"; Get-Date; \"", "x\u201c; Get-Date; \u201d", "x\u201e; Get-Date #",
        "x$(Get-Date)", "x`$(Get-Date)", "x``$(Get-Date)", "x$env:PATH", "${x}", "@x", "(Get-Date)", "{x}", "&x", ". x", "#x", "<#x#>",
        "x; Get-Date", "x | Get-Date", "x && Get-Date", "x > y", "x,y", "-Recipe", "-Recipe:x", "--%", "\u2013Recipe", "x[1]", "x*", "x?", "x y", "`", "``", "x`", "~", "%x", "!",
    ];

    private static readonly string[] UnspeakableNames = ["x\n; Get-Date", "x\r; Get-Date", "x\u001b]0;y\u0007", "x\u0000y", "x\u202ey", "x\u2028y", "x\u0085y"];

    private readonly CompletionBench _bench = new();

    public static TheoryData<string> AllNames => [.. Names];

    /// <summary>Without those that no file can have, and those of backticks alone, which the engine itself does not complete.</summary>
    public static TheoryData<string> NamesOfFiles => [.. Names.Where(name => !name.EndsWith('`') && name.All(c => c is not ('/' or '\\' or '*' or '?' or '"' or '<' or '>' or '|' or ':')))];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(AllNames))]
    public void A_layer_is_one_word(string name)
    {
        AddLora(name);
        foreach (string quote in new[] { string.Empty, "'", "\"" })
        {
            CompletionResult[] offered = [.. _bench.Complete($"Get-LoraSpectrum hostile.safetensors -Layer {quote}|")];
            string word = offered.Single(result => result.ListItemText == name).CompletionText;
            string pattern = WordOf($"Get-LoraSpectrum hostile.safetensors -Layer {word}");
            Assert.True(WildcardPattern.Get(pattern, WildcardOptions.None).IsMatch(name), $"'{pattern}' does not match.");
        }
    }

    [Fact]
    public void Names_that_a_terminal_would_obey_are_not_offered()
    {
        AddLora(UnspeakableNames);
        Assert.Empty(_bench.Complete("Get-LoraSpectrum hostile.safetensors -Layer |"));
    }

    [Theory]
    [MemberData(nameof(NamesOfFiles))]
    public void A_file_for_a_literal_path_is_one_word(string name)
    {
        File.WriteAllText(_bench.PathOf($"{name}.safetensors"), string.Empty);
        foreach (string quote in new[] { string.Empty, "'", "\"" })
        {
            CompletionResult[] offered = [.. _bench.Complete($"Get-LoraSpectrum -LiteralPath {quote}|")];
            string word = offered.Single(result => result.ListItemText == $"{name}.safetensors").CompletionText;
            Assert.Equal($"{name}.safetensors", Path.GetFileName(WordOf($"Get-LoraSpectrum -LiteralPath {word}")));
        }
    }

    private void AddLora(params string[] names)
    {
        var file = new SampleFile();
        foreach (string name in names)
            file.AddLora(name, 4, 3, 2, new Random(1));
        file.Write(_bench.PathOf("hostile.safetensors"));
    }

    /// <summary>The text of the last word of a line that is one command with nothing to evaluate.</summary>
    private static string WordOf(string line)
    {
        ScriptBlockAst script = Parser.ParseInput(line, out _, out ParseError[] errors);
        Assert.True(errors.Length == 0, $"{line}: {string.Join<ParseError>(' ', errors)}");
        CommandAst command = Assert.Single(script.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>());
        Assert.Empty(command.Redirections);
        Assert.Equal(line, command.Extent.Text);
        return Assert.IsType<StringConstantExpressionAst>(command.CommandElements[^1]).Value;
    }
}
