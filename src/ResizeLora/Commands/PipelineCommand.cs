using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that run the pipeline: its messages to the streams, errors, and a prompt stop.</summary>
public abstract class PipelineCommand : PathCommand, IPipelineObserver
{
    private static readonly TimeSpan ProgressPause = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceProgress = new();
    private bool _progressShown;

    void IPipelineObserver.Verbose(string message) => WriteVerbose(message);

    void IPipelineObserver.Warning(string message) => WriteWarning(message);

    void IPipelineObserver.Error(ResizeLoraException exception) => WriteError(exception.ToErrorRecord());

    void IPipelineObserver.Progress(string path, string stage, int done, int total)
    {
        if (done < total && _sinceProgress.IsRunning && _sinceProgress.Elapsed < ProgressPause)
            return;

        _sinceProgress.Restart();
        _progressShown = true;
        WriteProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, System.IO.Path.GetFileName(path))
        {
            CurrentOperation = $"{stage} {done} of {total}",
            PercentComplete = 100 * done / total,
        });
    }

    bool IPipelineObserver.MayWrite(string path, string description) => ShouldProcess(path, $"Write resized LoRA ({description})");

    /// <summary>Does work on one item: a problem with it is an error record, and the next item goes on.</summary>
    private protected void ForEachItem(Action work)
    {
        try
        {
            Guard(work);
        }
        catch (ResizeLoraException exception)
        {
            WriteError(exception.ToErrorRecord());
        }
    }

    /// <summary>Does work for the whole call: a problem ends the call.</summary>
    private protected T ForCall<T>(Func<T> work)
    {
        T result = default!;
        try
        {
            Guard(() => result = work());
        }
        catch (ResizeLoraException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }

        return result;
    }

    private protected NormCache CreateCache() => new(NormCache.DefaultFolder(), WriteWarning);

    private protected BaseCheckpoint OpenCheckpoint(string path) =>
        ForCall(() => BaseCheckpoint.Open(path, CreateCache(), WriteWarning, Stop, (done, total) => ((IPipelineObserver)this).Progress(path, "Hashing MiB", done, total)));

    private protected void EndProgress()
    {
        if (_progressShown)
            WriteProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (TorchUnavailableException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
