using System.Diagnostics;
using System.Management.Automation;

namespace ResizeLora.Shell.Hosting;

/// <summary>One line on the error stream that shows progress, and is cleared before anything else is written.</summary>
internal sealed class ProgressLine
{
    private const string EraseLine = "\r\u001b[K";

    // Faster updates can't be read, and writing to a terminal is slow.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _lastShown;
    private bool _isVisible;

    internal void Show(ProgressRecord record)
    {
        if (!Terminal.ErrorCanRewriteLine)
        {
            return;
        }

        if (record.RecordType == ProgressRecordType.Completed)
        {
            Clear();
            return;
        }

        lock (_lock)
        {
            if (_isVisible && Stopwatch.GetElapsedTime(_lastShown) < Interval)
            {
                return;
            }

            _lastShown = Stopwatch.GetTimestamp();
            _isVisible = true;
            Console.Error.Write(EraseLine + Describe(record, Terminal.Width - 1));
        }
    }

    internal void Clear()
    {
        lock (_lock)
        {
            if (_isVisible)
            {
                Console.Error.Write(EraseLine);
                _isVisible = false;
            }
        }
    }

    internal static string Describe(ProgressRecord record, int width)
    {
        string percent = record.PercentComplete >= 0 ? $"{record.PercentComplete,3} % " : "";
        string text = $"{percent}{record.Activity}: {record.StatusDescription} {record.CurrentOperation}".TrimEnd().ReplaceLineEndings(" ");
        return text.Length <= width ? text : text[..width];
    }
}
