using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace ResizeLora.Shell.Hosting;

/// <summary>Writes the streams of a pipeline where PowerShell writes them: errors to stderr, all others to stdout.</summary>
internal sealed class ShellUserInterface : PSHostUserInterface
{
    private const string Red = "\u001b[31;1m";
    private const string Yellow = "\u001b[33;1m";
    private const string Reset = "\u001b[0m";

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal => Terminal.OutputHasColor;

    internal ProgressLine Progress { get; } = new();

    public override void Write(string value)
    {
        Progress.Clear();
        Console.Out.Write(Terminal.OutputHasColor ? value : Plain(value));
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
    {
        Progress.Clear();
        if (!Terminal.OutputHasColor)
        {
            Console.Out.Write(Plain(value));
            return;
        }

        Console.ForegroundColor = foregroundColor;

        // The engine says black for "not chosen", which is wrong on a terminal of another colour.
        if (backgroundColor != ConsoleColor.Black)
        {
            Console.BackgroundColor = backgroundColor;
        }

        Console.Out.Write(value);
        Console.ResetColor();
    }

    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value)
    {
        Progress.Clear();

        // The engine colours for stdout; here another stream is written.
        string text = Plain(value);
        Console.Error.WriteLine(Terminal.ErrorHasColor ? Red + text + Reset : text);
    }

    public override void WriteWarningLine(string message) => WriteLabelled("WARNING: ", message);

    public override void WriteVerboseLine(string message) => WriteLabelled("VERBOSE: ", message);

    public override void WriteDebugLine(string message) => WriteLabelled("DEBUG: ", message);

    public override void WriteProgress(long sourceId, ProgressRecord record) => Progress.Show(record);

    public override string ReadLine()
    {
        Progress.Clear();
        return Console.In.ReadLine() ?? "";
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        if (Console.IsInputRedirected)
        {
            throw new HostException($"Nobody is there to answer: {message}");
        }

        Progress.Clear();
        Console.Error.WriteLine(caption);
        Console.Error.WriteLine(message);
        var options = choices.Select(choice => new Option(choice.Label)).ToList();
        while (true)
        {
            Console.Error.Write($"{string.Join("  ", options.Select(option => $"[{option.Key}] {option.Text}"))} (default \"{(defaultChoice < 0 ? "" : options[defaultChoice].Key)}\"): ");
            string? answer = Console.In.ReadLine()?.Trim();
            if (string.IsNullOrEmpty(answer) && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            int chosen = options.FindIndex(option => option.Matches(answer));
            if (chosen >= 0)
            {
                return chosen;
            }
        }
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw NoPrompt();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw NoPrompt();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw NoPrompt();

    public override SecureString ReadLineAsSecureString() => throw NoPrompt();

    private static string Plain(string value) => new StringDecorated(value).ToString(OutputRendering.PlainText);

    private static HostException NoPrompt() => new("This shell runs scripts and does not ask for values.");

    private void WriteLabelled(string label, string message) =>
        WriteLine(Terminal.OutputHasColor ? Yellow + label + message + Reset : label + message);

    /// <summary>A choice as the engine labels it: the letter after the ampersand is its key.</summary>
    private sealed record Option(string Label)
    {
        internal string Text { get; } = Label.Replace("&", "", StringComparison.Ordinal);

        internal string Key => Label.IndexOf('&', StringComparison.Ordinal) is var mark and >= 0 && mark + 1 < Label.Length ? Label[mark + 1].ToString() : Text;

        internal bool Matches(string? answer) =>
            string.Equals(answer, Key, StringComparison.OrdinalIgnoreCase) || string.Equals(answer, Text, StringComparison.OrdinalIgnoreCase);
    }
}
