using System.Diagnostics;
using System.Management.Automation;

namespace ResizeLora.Commands;

/// <summary>
/// Progress records: one bar for the layers of a file, below one for the files where there are several; with the time
/// that is left, and not more often than anybody can read.
/// </summary>
internal sealed class ProgressReporter(string activity, Action<ProgressRecord> write)
{
    private const int FilesId = 0;
    private const int LayersId = 1;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceLast = new();
    private readonly Stopwatch _all = Stopwatch.StartNew();
    private readonly Stopwatch _stage = new();
    private readonly HashSet<int> _shown = [];
    private string? _stageName;

    /// <summary>How many files there are; 1 shows no bar for files.</summary>
    public int FileCount { get; set; } = 1;

    /// <summary>How many files are done.</summary>
    public int FilesDone { get; set; }

    /// <summary>Reports a step of a stage of the work on a file.</summary>
    public void Report(string path, string stage, int done, int total)
    {
        if (_stageName != path + stage)
        {
            _stageName = path + stage;
            _stage.Restart();
        }

        if (done < total && _sinceLast.IsRunning && _sinceLast.Elapsed < Pause)
            return;

        _sinceLast.Restart();
        if (FileCount > 1)
        {
            double fraction = (FilesDone + (double)done / total) / FileCount;
            Write(new ProgressRecord(FilesId, activity, $"File {FilesDone + 1} of {FileCount}"), fraction, _all.Elapsed);
        }

        var layers = new ProgressRecord(LayersId, Path.GetFileName(path), $"{stage} {done} of {total}");
        if (FileCount > 1)
            layers.ParentActivityId = FilesId;
        Write(layers, (double)done / total, _stage.Elapsed);
    }

    /// <summary>Takes the bars away.</summary>
    public void Complete()
    {
        foreach (int id in _shown.OrderDescending())
            write(new ProgressRecord(id, activity, "Done") { RecordType = ProgressRecordType.Completed });
        _shown.Clear();
    }

    private void Write(ProgressRecord record, double fraction, TimeSpan elapsed)
    {
        record.PercentComplete = (int)(100 * fraction);
        record.SecondsRemaining = fraction > 0 ? (int)(elapsed.TotalSeconds * (1 - fraction) / fraction) : -1;
        _shown.Add(record.ActivityId);
        write(record);
    }
}
