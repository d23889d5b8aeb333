namespace ResizeLora.Shell.Hosting;

/// <summary>What the two output streams of the process can show.</summary>
internal static class Terminal
{
    /// <summary>Wide enough that no usual table is cut in a log file.</summary>
    private const int WidthWithoutTerminal = 120;

    private static readonly bool IsDumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
    private static readonly bool NoColor = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    internal static bool OutputHasColor { get; } = !Console.IsOutputRedirected && !IsDumb && !NoColor;

    internal static bool ErrorHasColor { get; } = !Console.IsErrorRedirected && !IsDumb && !NoColor;

    internal static bool ErrorCanRewriteLine { get; } = !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Columns of the window; of a file or pipe, what COLUMNS says.</summary>
    internal static int Width
    {
        get
        {
            if (!Console.IsOutputRedirected && Console.WindowWidth > 0)
            {
                return Console.WindowWidth;
            }

            return int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) && columns > 20 ? columns : WidthWithoutTerminal;
        }
    }

    internal static int Height => Console.IsOutputRedirected || Console.WindowHeight <= 0 ? 50 : Console.WindowHeight;
}
