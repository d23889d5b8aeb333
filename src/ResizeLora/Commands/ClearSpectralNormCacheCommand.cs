using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Safetensors;

namespace ResizeLora.Commands;

/// <summary>Removes cached norms: all, or those of given checkpoints.</summary>
[Cmdlet(VerbsCommon.Clear, "SpectralNormCache", SupportsShouldProcess = true, HelpUri = HelpPage.Folder + "Clear-SpectralNormCache.md")]
[OutputType(typeof(NormCacheEntry))]
public sealed class ClearSpectralNormCacheCommand : StoppableCommand
{
    private string? _folder;

    /// <summary>Checkpoints, files or folders, whose norms are removed; by default all norms are.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "Checkpoint files or folders whose norms are removed. Default: all.")]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "Path", "LP")]
    [ArgumentCompleter(typeof(CheckpointFileCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>Entries that are removed, by the SHA-256 that Get-SpectralNormCache shows or by its first digits.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "SHA-256 of the checkpoints whose norms are removed; the first digits are enough.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CacheEntryCompleter))]
    public string[]? Sha256 { get; set; }

    /// <summary>Emits the entries that were removed.</summary>
    [Parameter(HelpMessage = "Returns the entries that were removed.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _folder = FindCacheFolder();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_folder is null)
            return;

        var cache = new NormCache(_folder, this, Stop);
        IReadOnlyList<NormCacheEntry> entries = cache.Entries();
        if (entries.Count == 0)
            WriteVerbose($"The cache '{cache.Folder}' is empty.");
        if (Sha256 is not null)
            Remove(cache, Sha256.SelectMany(digits => Find(entries, digits)).Distinct());
        else if (Checkpoint is null)
            Remove(cache, entries);
        else
            RemoveCheckpoints(cache, entries);
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Progress.Complete();

    /// <summary>The entry whose hash begins so, or those that a wildcard means.</summary>
    private NormCacheEntry[] Find(IReadOnlyList<NormCacheEntry> entries, string digits)
    {
        bool hasWildcard = Wildcards.AreIn(digits);
        var pattern = WildcardPattern.Get(hasWildcard ? digits : WildcardPattern.Escape(digits) + "*", WildcardOptions.IgnoreCase);
        NormCacheEntry[] found = [.. entries.Where(entry => pattern.IsMatch(entry.Sha256))];
        if (hasWildcard || found.Length == 1)
            return found;

        WriteError((found.Length == 0 ? NormErrors.NoEntry(digits) : NormErrors.SeveralEntries(digits, found)).ToErrorRecord());
        return [];
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
                bool isHash = exception.Kind == FaultKind.NotFound && NormErrors.LooksLikeHash(path);
                WriteError((isHash ? NormErrors.HashAsPath(path) : exception).ToErrorRecord());
            }
        }
    }

    private void RemoveFile(NormCache cache, IReadOnlyList<NormCacheEntry> entries, string path)
    {
        using TensorFile file = GgufFile.OpenEither(path);
        string sha256 = FileIdentity.Sha256(file, cache.Folder, this, Stop);
        if (!entries.Any(entry => entry.Sha256 == sha256))
            WriteWarning($"The cache has no norms for '{path}'.");
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
