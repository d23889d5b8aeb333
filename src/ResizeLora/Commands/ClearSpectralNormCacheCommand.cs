using System.Management.Automation;
using ResizeLora.Checkpoints;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Commands;

/// <summary>Removes cached norms: all, or those of given checkpoints.</summary>
[Cmdlet(VerbsCommon.Clear, "SpectralNormCache", SupportsShouldProcess = true)]
[OutputType(typeof(NormCacheEntry))]
public sealed class ClearSpectralNormCacheCommand : StoppableCommand
{
    private string? _folder;

    /// <summary>Checkpoints, files or folders, whose norms are removed; by default all norms are.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "Path", "LP")]
    [ArgumentCompleter(typeof(CheckpointFileCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>Entries from Get-SpectralNormCache that are removed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[]? Sha256 { get; set; }

    /// <summary>Emits the entries that were removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _folder = FindCacheFolder();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_folder is null)
            return;

        var cache = new NormCache(_folder, WriteWarning, Stop);
        IReadOnlyList<NormCacheEntry> entries = cache.Entries();
        if (Sha256 is not null)
            Remove(cache, entries.Where(entry => Sha256.Contains(entry.Sha256, StringComparer.OrdinalIgnoreCase)));
        else if (Checkpoint is null)
            Remove(cache, entries);
        else
            RemoveCheckpoints(cache, entries);
    }

    private void RemoveCheckpoints(NormCache cache, IReadOnlyList<NormCacheEntry> entries)
    {
        foreach (string path in Checkpoint!)
        {
            try
            {
                foreach (string file in CheckpointFiles.Find(ResolveSingle(path)).All)
                    RemoveFile(cache, entries, file);
            }
            catch (ResizeLoraException exception)
            {
                WriteError(exception.ToErrorRecord());
            }
        }
    }

    private void RemoveFile(NormCache cache, IReadOnlyList<NormCacheEntry> entries, string path)
    {
        using TensorFile file = GgufFile.OpenEither(path);
        string sha256 = FileIdentity.Sha256(file, cache.Folder, WriteWarning, Stop);
        Remove(cache, entries.Where(entry => entry.Sha256 == sha256));
    }

    private void Remove(NormCache cache, IEnumerable<NormCacheEntry> entries)
    {
        foreach (NormCacheEntry entry in entries)
        {
            if (!ShouldProcess(entry.Path, $"Remove the norms of '{entry.Name}' ({entry.LayerCount} layers)"))
                continue;

            if (cache.Remove(entry.Sha256) && PassThru)
                WriteObject(entry);
        }
    }
}
