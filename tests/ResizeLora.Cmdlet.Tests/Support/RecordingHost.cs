using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A console of some width that remembers what is printed on it, and answers Yes to all whatever it is asked.</summary>
internal sealed partial class RecordingHost : PSHost
{
    private readonly RecordingUserInterface _ui;

    /// <param name="width">Columns of the console.</param>
    public RecordingHost(int width) => _ui = new RecordingUserInterface(width);

    /// <summary>All that was printed since it was last asked for; colours, which the engine sends to any console, are taken out.</summary>
    public string Take()
    {
        string printed = Colour().Replace(_ui.Printed.ToString(), "").ReplaceLineEndings("\n");
        _ui.Printed.Clear();
        return printed;
    }

    [GeneratedRegex(@"\e\[[\d;]*m")]
    private static partial Regex Colour();

    public override string Name => "Recording";

    public override Version Version { get; } = new(1, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override PSHostUserInterface UI => _ui;

    public override void SetShouldExit(int exitCode)
    {
    }

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    private sealed class RecordingUserInterface(int width) : PSHostUserInterface
    {
        public StringBuilder Printed { get; } = new();

        public override PSHostRawUserInterface RawUI { get; } = new Window(width);

        public override bool SupportsVirtualTerminal => false;

        public override void Write(string value) => Printed.Append(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

        public override void WriteLine(string value) => Write(value + "\n");

        public override void WriteErrorLine(string value) => WriteLine(value);

        public override void WriteWarningLine(string message) => WriteLine($"WARNING: {message}");

        public override void WriteVerboseLine(string message) => WriteLine($"VERBOSE: {message}");

        public override void WriteDebugLine(string message) => WriteLine($"DEBUG: {message}");

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            WriteLine($"{caption}\n{message}");
            return choices.ToList().FindIndex(choice => choice.Label.Contains('A', StringComparison.Ordinal));
        }

        public override string ReadLine() => throw new NotSupportedException();

        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw new NotSupportedException();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw new NotSupportedException();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw new NotSupportedException();
    }

    /// <summary>Only its width matters.</summary>
    private sealed class Window(int width) : PSHostRawUserInterface
    {
        public override Size BufferSize { get; set; } = new(width, 50);

        public override Size WindowSize { get; set; } = new(width, 50);

        public override Size MaxWindowSize => WindowSize;

        public override Size MaxPhysicalWindowSize => WindowSize;

        public override ConsoleColor ForegroundColor { get; set; }

        public override ConsoleColor BackgroundColor { get; set; }

        public override Coordinates CursorPosition { get; set; }

        public override Coordinates WindowPosition { get; set; }

        public override int CursorSize { get; set; }

        public override string WindowTitle { get; set; } = "";

        public override bool KeyAvailable => false;

        public override void FlushInputBuffer()
        {
        }

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();

        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw new NotSupportedException();
    }
}
