using System.Diagnostics;
using System.Management.Automation;

namespace ResizeLora.Commands;

/// <summary>
/// Progress records: one bar for the layers of a file, below one for the files where there are several; with the time
/// that is left, and no faster than it can be read.
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
    private int _file = 1;
    private int? _count = 1;

    /// <summary>Begins a file.</summary>
    /// <param name="number">Which it is, from 1 on.</param>
    /// <param name="count">How many there are; null where more may come.</param>
    public void Begin(int number, int? count)
    {
        _file = number;
        _count = count;
    }

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
        var layers = new ProgressRecord(LayersId, DisplayText.Of(Path.GetFileName(path)), $"{stage} {done} of {total}");
        double share = (double)done / total;
        if (_count != 1)
        {
            string file = _count is null ? $"File {_file}" : $"File {_file} of {_count}";
            Write(new ProgressRecord(FilesId, activity, file), (_file - 1 + share) / _count, _all.Elapsed);
            layers.ParentActivityId = FilesId;
        }

        Write(layers, share, _stage.Elapsed);
    }

    /// <summary>Takes the bars away.</summary>
    public void Complete()
    {
        foreach (int id in _shown.OrderDescending())
            write(new ProgressRecord(id, activity, "Done") { RecordType = ProgressRecordType.Completed });
        _shown.Clear();
    }

    /// <summary>Shows a bar; one without a length where the end is not known.</summary>
    private void Write(ProgressRecord record, double? share, TimeSpan elapsed)
    {
        record.PercentComplete = share is { } part ? (int)(100 * part) : -1;
        record.SecondsRemaining = share > 0 ? (int)(elapsed.TotalSeconds * (1 - share.Value) / share.Value) : -1;
        _shown.Add(record.ActivityId);
        write(record);
    }
}
