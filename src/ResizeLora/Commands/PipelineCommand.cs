using System.Management.Automation;
using ResizeLora.Completion;
using ResizeLora.Decomposition;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>What all cmdlets share that run the pipeline: its messages to the streams, errors, and a prompt stop.</summary>
public abstract class PipelineCommand : PathCommand, IPipelineObserver
{
    private readonly Lazy<string?> _cacheFolder;
    private ProgressReporter? _progress;

    private protected PipelineCommand() =>
        _cacheFolder = new(() => !NoCache && FindCacheFolder() is { } folder && CacheLocation.Make(folder, WriteWarning) ? folder : null);

    /// <summary>
    /// The base model: a safetensors or GGUF file, the folder of a diffusers model or of one of its components, or several of these.
    /// Needed by recipes with spn_ckpt, fro_ckpt or subspace.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckpointFileCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>What computes: cpu, or cuda where the module is built for it; cuda:1 is the second card.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "cpu";

    /// <summary>How many layers are worked on at the same time; by default one per processor.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = Environment.ProcessorCount;

    /// <summary>Computes norms anew and remembers none.</summary>
    [Parameter]
    public SwitchParameter NoCache { get; set; }

    private protected INumericEngine Engine => new LazyEngine(Device, Stop);

    /// <summary>The folder of the norm cache; null to use none.</summary>
    private protected string? CacheFolder => _cacheFolder.Value;

    private protected ProgressReporter Progress => _progress ??= new ProgressReporter(MyInvocation.MyCommand.Name, WriteProgress);

    void IPipelineObserver.Verbose(string message) => WriteVerbose(DisplayText.Message(message));

    void IPipelineObserver.Warning(string message) => WriteWarning(DisplayText.Message(message));

    void IPipelineObserver.Error(ResizeLoraException exception) => WriteError(exception.ToErrorRecord());

    void IPipelineObserver.Progress(string path, string stage, int done, int total) => Progress.Report(path, stage, done, total);

    bool IPipelineObserver.MayWrite(string path, string description) => ShouldProcess(path, $"Write resized LoRA ({description})");

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

    /// <summary>The files of the checkpoint that the user named; null if none was.</summary>
    private protected CheckpointFiles? FindCheckpoint() =>
        Checkpoint is null ? null : FindCheckpoint([.. Checkpoint.Select(ResolveSingle)]);

    private protected CheckpointFiles FindCheckpoint(IReadOnlyList<string> paths) => ForCall(() => CheckpointFiles.Find(paths));

    private protected BaseCheckpoint OpenCheckpoint(CheckpointFiles files) => ForCall(() => BaseCheckpoint.Open(
        files,
        CacheFolder is null ? null : new NormCache(CacheFolder, WriteWarning, Stop),
        WriteWarning,
        Stop,
        (path, done, total) => Progress.Report(path, "Hashing MiB", done, total)));

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
