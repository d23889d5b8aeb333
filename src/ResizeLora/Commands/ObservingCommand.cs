using System.Management.Automation;
using ResizeLora.Errors;
using ResizeLora.Pipeline;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>The base of all cmdlets that run a job: its questions to the user, its results, the errors that end it, and a prompt stop.</summary>
public abstract class ObservingCommand : StoppableCommand, IJobHost
{
    /// <summary>Whether the user only wants to see what would be done.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    bool IJobHost.MayCreateFolder(string path) => ShouldProcess(path, "Create folder");

    bool IJobHost.MayWrite(string path, string description, bool replaces) => ShouldProcess(path, $"{(replaces ? "Overwrite existing output with" : "Write")} resized LoRA ({description})");

    /// <summary>Writes results as they come: a problem of the whole call ends it.</summary>
    private protected void Emit<T>(IEnumerable<T> results) => ForCall(() =>
    {
        foreach (T result in results)
            WriteObject(result);
    });

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
            work();
        }
        catch (ResizeLoraException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
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
