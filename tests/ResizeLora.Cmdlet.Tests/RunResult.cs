using System.Management.Automation;

namespace ResizeLora.Cmdlet.Tests;

/// <summary>What a script did: every stream, and the error that ended it.</summary>
public sealed class RunResult
{
    internal RunResult(IEnumerable<PSObject> output, PSDataStreams streams, ErrorRecord? terminatingError, bool wasStopped)
    {
        Output = [.. output];
        TerminatingError = terminatingError;
        Errors = terminatingError is null ? [.. streams.Error] : [.. streams.Error, terminatingError];
        Warnings = [.. streams.Warning.Select(record => record.Message)];
        Verbose = [.. streams.Verbose.Select(record => record.Message)];
        Debug = [.. streams.Debug.Select(record => record.Message)];
        Information = [.. streams.Information.Select(record => record.ToString())];
        Progress = [.. streams.Progress];
        WasStopped = wasStopped;
    }

    public IReadOnlyList<PSObject> Output { get; }

    /// <summary>All errors in order; the one that ended the script, if there is one, is the last.</summary>
    public IReadOnlyList<ErrorRecord> Errors { get; }

    public ErrorRecord? TerminatingError { get; }

    public bool IsTerminated => TerminatingError is not null;

    public bool WasStopped { get; }

    public IReadOnlyList<string> Warnings { get; }

    public IReadOnlyList<string> Verbose { get; }

    public IReadOnlyList<string> Debug { get; }

    public IReadOnlyList<string> Information { get; }

    public IReadOnlyList<ProgressRecord> Progress { get; }

    /// <summary>The output without the engine's wrapping.</summary>
    public IReadOnlyList<T> OutputAs<T>() => [.. Output.Select(item => (T)item.BaseObject)];

    /// <summary>The one object of the output.</summary>
    public T Only<T>() => Assert.Single(OutputAs<T>());
}
