using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using ResizeLora.Arguments;
using ResizeLora.Common;
using ResizeLora.Errors;
using ResizeLora.Norms;

namespace ResizeLora.Commands;

/// <summary>
/// The base of all cmdlets that touch files: Ctrl+C stops them by a token, paths follow the shell's location, and whatever they say
/// goes to the shell's streams, harmless to a console.
/// </summary>
public abstract class StoppableCommand : PSCmdlet, IReporter, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private bool _isDisposed;
    private ProgressReporter? _progress;

    private protected CancellationToken Stop => _stop.Token;

    private protected ProgressReporter Progress => _progress ??= new ProgressReporter(MyInvocation.MyCommand.Name, WriteProgress);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the resources of the cmdlet.</summary>
    /// <param name="disposing">Whether managed objects are to be released.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;

        lock (_gate)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        // It comes from another thread, and may come when the work has just ended.
        lock (_gate)
        {
            if (!_isDisposed)
                _stop.Cancel();
        }
    }

    // Whatever a cmdlet says may name files, layers and folders that strangers have named.

    /// <summary>Writes a line to the verbose stream, harmless to a console.</summary>
    /// <param name="text">The line.</param>
    public new void WriteVerbose(string text) => base.WriteVerbose(DisplayText.Message(text));

    /// <summary>Writes a warning, harmless to a console.</summary>
    /// <param name="text">The warning.</param>
    public new void WriteWarning(string text) => base.WriteWarning(DisplayText.Message(text));

    /// <summary>Asks whether something may be done, in words that are harmless to a console.</summary>
    /// <param name="target">What it is done to.</param>
    /// <param name="action">What is done.</param>
    /// <returns>Whether it may be done.</returns>
    public new bool ShouldProcess(string target, string action) => base.ShouldProcess(DisplayText.Message(target), DisplayText.Message(action));

    void IReporter.Verbose(string message) => WriteVerbose(message);

    void IReporter.Warning(string message) => WriteWarning(message);

    void IReporter.Error(ResizeLoraException exception) => WriteError(exception.ToErrorRecord());

    void IReporter.Begin(int number, int? count) => Progress.Begin(number, count);

    void IReporter.Progress(string path, string stage, int done, int total) => Progress.Report(path, stage, done, total);

    /// <summary>Ends the call with one error if the pipeline contains something other than layers.</summary>
    private protected PSObject[] EnsureLayers(PSObject[] layers)
    {
        if (layers.Select(layer => layer.BaseObject).OfType<MistakenInput>().FirstOrDefault() is { } mistake)
            ThrowTerminatingError(ErrorRecords.NotALayer(mistake.Item, mistake.Reason));
        return layers;
    }

    /// <summary>The full path of a file or folder that need not exist.</summary>
    /// <exception cref="PipelineStoppedException">It is not on the file system; the error was reported.</exception>
    private protected string ResolveSingle(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
            ThrowTerminatingError(ErrorRecords.InvalidPath(path));

        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (!IsFileSystem(provider))
                ThrowTerminatingError(ErrorRecords.NotFileSystem(path, provider.Name));

            return resolved;
        }
        catch (SessionStateException exception)
        {
            ThrowTerminatingError(ErrorRecords.PathNotFound(path, exception));
            throw;
        }
    }

    /// <summary>The folder of the norm cache; null if there is none, which a warning explains.</summary>
    private protected string? FindCacheFolder() => CacheLocation.Find(ResolveOnDisk, this);

    private string? ResolveOnDisk(string path)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return IsFileSystem(provider) ? resolved : null;
        }
        catch (Exception exception) when (exception is SessionStateException or PSInvalidOperationException or PSArgumentException)
        {
            // No such drive, or ~ without a home.
            return null;
        }
    }

    private protected static bool IsFileSystem(ProviderInfo provider) => provider.ImplementingType == typeof(FileSystemProvider);
}
