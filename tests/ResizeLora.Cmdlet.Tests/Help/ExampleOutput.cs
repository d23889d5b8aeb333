using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>
/// What the pages and the readme show that an example prints. With RESIZELORA_UPDATE_EXAMPLES=1, as docs/Update-Examples.ps1
/// sets it, what is printed takes the place of what is shown.
/// </summary>
internal static partial class ExampleOutput
{
    /// <summary>Get-Help sets examples in by four blanks, and many consoles have 80 columns.</summary>
    public const int Width = 76;

    private const string UpdateVariable = "RESIZELORA_UPDATE_EXAMPLES";

    private const string ShownFolder = "/lora";

    /// <summary>Checks, or updates, what a document shows after a block of code.</summary>
    /// <param name="document">The path of the document.</param>
    /// <param name="code">The code, as it stands in the document.</param>
    /// <param name="printed">What it printed.</param>
    /// <param name="folder">The folder in which it ran.</param>
    public static void Compare(string document, string code, string printed, string folder)
    {
        string text = File.ReadAllText(document).ReplaceLineEndings("\n");
        Match block = BlockAfter(text, code);
        if (!block.Success)
            return;

        string actual = AsShown(printed, folder);
        Assert.NotEqual("", actual);

        // What is cut would be cut elsewhere in a folder of another name.
        Assert.DoesNotContain("…", actual, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable(UpdateVariable) != "1")
        {
            // Where a line is wrapped depends on the path of the folder.
            Assert.Equal(block.Groups["output"].Value, actual, ignoreAllWhiteSpace: true);
            return;
        }

        Group output = block.Groups["output"];
        File.WriteAllText(document, text[..output.Index] + actual + text[(output.Index + output.Length)..]);
    }

    /// <summary>How many blocks of output follow a block of code at once; those that don't are never compared.</summary>
    public static int Count(string text) => BlockOfExample().Count(text);

    /// <summary>The block of output that follows a block of code at once.</summary>
    private static Match BlockAfter(string text, string code)
    {
        string fenced = $"```powershell\n{code}\n```\n";
        int end = text.IndexOf(fenced, StringComparison.Ordinal) + fenced.Length;
        return Block().Match(text, end);
    }

    /// <summary>What is printed is different in each folder and on each system; what is shown is not.</summary>
    private static string AsShown(string printed, string folder)
    {
        string path = string.Join(@"(\n *)?", folder.Select(character => Regex.Escape(character.ToString())));
        string text = Regex.Replace(printed, path, ShownFolder).Replace('\\', '/');
        return string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())).Trim('\n');
    }

    [GeneratedRegex(@"(?<=^```\n)\n?```Output$", RegexOptions.Multiline)]
    private static partial Regex BlockOfExample();

    [GeneratedRegex(@"\G\n?```Output\n(?<output>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
