using System.Management.Automation;
using ResizeLora.Errors;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that run the pipeline: its messages to the streams, its questions to the user, its errors, and a prompt stop.</summary>
public abstract class ObservingCommand : StoppableCommand, IPipelineObserver
{
    private ProgressReporter? _progress;

    private protected ProgressReporter Progress => _progress ??= new ProgressReporter(MyInvocation.MyCommand.Name, WriteProgress);

    /// <summary>Whether the user only wants to see what would be done.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    void IPipelineObserver.Verbose(string message) => WriteVerbose(message);

    void IPipelineObserver.Warning(string message) => WriteWarning(message);

    void IPipelineObserver.Error(ResizeLoraException exception) => WriteError(exception.ToErrorRecord());

    void IPipelineObserver.Begin(int number, int? count) => Progress.Begin(number, count);

    void IPipelineObserver.Progress(string path, string stage, int done, int total) => Progress.Report(path, stage, done, total);

    bool IPipelineObserver.MayCreateFolder(string path) => ShouldProcess(path, "Create folder");

    bool IPipelineObserver.MayWrite(string path, string description, bool replaces) => ShouldProcess(path, $"{(replaces ? "Overwrite existing output with" : "Write")} resized LoRA ({description})");

    /// <summary>Does work on one item: a problem with it is an error record, and the next item goes on.</summary>
    private protected void ForEachItem(string path, Action work)
    {
        try
        {
            Guard(work);
        }
        catch (ResizeLoraException exception)
        {
            WriteError(exception.ToErrorRecord());
        }
        catch (OutOfMemoryException exception)
        {
            // A hostile header can take many times its length; the next file need not.
            WriteError(SafetensorsFault.OutOfMemory(path, exception).ToErrorRecord());
        }
    }

    /// <summary>Does work for the whole call: a problem ends the call.</summary>
    private protected T ForCall<T>(Func<T> work)
    {
        T result = default!;
        ForCall(() => { result = work(); });
        return result;
    }

    /// <summary>Does work for the whole call: a problem ends the call.</summary>
    private protected void ForCall(Action work)
    {
        try
        {
            Guard(work);
        }
        catch (ResizeLoraException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }
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
