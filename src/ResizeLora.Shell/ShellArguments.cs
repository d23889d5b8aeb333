using System.Management.Automation.Runspaces;

namespace ResizeLora.Shell;

/// <summary>What the command line asks for: a script with its arguments, or the text of a command.</summary>
internal sealed record ShellArguments(string? ScriptPath, string? CommandText, IReadOnlyList<CommandParameter> Parameters)
{
    internal const string Usage = """
        Usage: ResizeLora.Shell SCRIPT [ARGUMENTS]
               ResizeLora.Shell -Command TEXT

        Runs a PowerShell script or command with the module ResizeLora imported.
        Set RESIZELORA_MODULE to import the module from another manifest, and NO_COLOR to
        turn colours off. With --help, this text is printed.
        """;

    /// <summary>Whether the command line asks how it is used.</summary>
    internal static bool AskForUsage(IReadOnlyList<string> words) =>
        words is [var only] && Array.Exists(["--help", "-h", "-?", "/?", "-Help"], option => only.Equals(option, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads the command line; null if it has neither form.</summary>
    internal static ShellArguments? Parse(IReadOnlyList<string> words)
    {
        if (words is [var option, var text] && option.Equals("-Command", StringComparison.OrdinalIgnoreCase))
        {
            return new ShellArguments(null, text, []);
        }

        if (words.Count == 0 || words[0].Length == 0 || IsParameterName(words[0]))
        {
            return null;
        }

        return new ShellArguments(Path.GetFullPath(words[0]), null, ReadParameters(words.Skip(1)));
    }

    // Only the script knows which of its parameters are switches, so a name and the word after it are handed over
    // as two things, and the engine's binder puts them together.
    private static List<CommandParameter> ReadParameters(IEnumerable<string> words)
    {
        var parameters = new List<CommandParameter>();
        foreach (string word in words)
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            if (!IsParameterName(word))
            {
                parameters.Add(new CommandParameter(null, word));
            }
            else if (colon < 0)
            {
                parameters.Add(new CommandParameter(word));
            }
            else
            {
                parameters.Add(new CommandParameter(word[..colon], ReadValue(word[(colon + 1)..])));
            }
        }

        return parameters;
    }

    // -1 and -.5 are values, and so is a lone dash.
    private static bool IsParameterName(string word) => word.Length > 1 && word[0] == '-' && (char.IsLetter(word[1]) || word[1] == '_');

    // A switch takes no text, so -Force:$false has to become a truth value here.
    private static object ReadValue(string text) => bool.TryParse(text.TrimStart('$'), out bool truth) ? truth : text;
}
