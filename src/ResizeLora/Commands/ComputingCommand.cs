using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Engine;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>The base of all cmdlets that compute with files: the checkpoint and the device.</summary>
public abstract class ComputingCommand : FilesCommand
{
    private readonly Lazy<string?> _cacheFolder;

    private protected ComputingCommand() =>
        _cacheFolder = new(() => !NoCache && FindCacheFolder() is { } folder && CacheLocation.Make(folder, this) ? folder : null);

    /// <summary>
    /// The base model: a safetensors or GGUF file, the folder of a diffusers model or of one of its components, or several of these.
    /// Needed by recipes with spn_ckpt, fro_ckpt or subspace.
    /// </summary>
    [Parameter(HelpMessage = "The base model that the LoRA was trained on: a file, a model folder, or several.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckpointFileCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>The device to compute on: cpu, or cuda where the module is built for it; cuda:1 is the second card.</summary>
    [Parameter(HelpMessage = "The device to compute on: cpu (the default), cuda, or cuda:1 for the second card.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "cpu";

    /// <summary>How many layers are worked on at the same time; by default one per processor.</summary>
    [Parameter(HelpMessage = "How many layers are processed at the same time. Default: one per processor.")]
    [NumberTransformation(IsWhole = true)]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = Environment.ProcessorCount;

    /// <summary>Recomputes norms and doesn't cache them.</summary>
    [Parameter(HelpMessage = "Recomputes the norms of the checkpoint and doesn't cache them.")]
    public SwitchParameter NoCache { get; set; }

    private protected Lazy<INumericEngine> Engine => NumericEngineLoader.Default.LazyEngineOn(Device, Stop);

    /// <summary>The folder of the norm cache; null to use none.</summary>
    private protected string? CacheFolder => _cacheFolder.Value;

    /// <summary>The full paths of the checkpoint that the user named; null if none was.</summary>
    private protected string[]? CheckpointPaths => Checkpoint is null ? null : [.. Checkpoint.Select(path => ResolveOne(path, ErrorRecords.NotOneCheckpoint))];

    /// <summary>The full path of a single file or folder. A wildcard will do where it means one; a name with brackets means the file of that name.</summary>
    /// <param name="path">The path.</param>
    /// <param name="notOne">The error of a wildcard that matches nothing, or more.</param>
    private protected string ResolveOne(string path, Func<string, IReadOnlyList<string>, ErrorRecord> notOne)
    {
        string literal = ResolveSingle(path);
        if (!WildcardPattern.ContainsWildcardCharacters(path) || System.IO.Path.Exists(literal))
            return literal;

        string[] found = [.. SessionState.InvokeProvider.Item.Get([path], force: false, literalPath: false).Select(item => item.BaseObject).OfType<FileSystemInfo>().Select(item => item.FullName)];
        if (found is [string only])
            return only;

        ThrowTerminatingError((found.Length == 0 ? NotSeen(path) : null) ?? notOne(path, found));
        return literal;
    }
}
