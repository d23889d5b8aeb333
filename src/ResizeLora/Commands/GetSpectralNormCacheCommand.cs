using System.Management.Automation;
using ResizeLora.Norms;

namespace ResizeLora.Commands;

/// <summary>Lists what is in the norm cache, per checkpoint.</summary>
[Cmdlet(VerbsCommon.Get, "SpectralNormCache", HelpUri = HelpPage.Folder + "Get-SpectralNormCache.md")]
[OutputType(typeof(NormCacheEntry))]
public sealed class GetSpectralNormCacheCommand : StoppableCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (FindCacheFolder() is { } folder)
            WriteObject(new NormCache(folder, this).Entries(), enumerateCollection: true);
    }
}
