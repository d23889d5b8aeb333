using System.Management.Automation;
using ResizeLora.Norms;

namespace ResizeLora.Commands;

/// <summary>Lists what is in the norm cache, per checkpoint.</summary>
[Cmdlet(VerbsCommon.Get, "SpectralNormCache")]
[OutputType(typeof(NormCacheEntry))]
public sealed class GetSpectralNormCacheCommand : PSCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        WriteObject(new NormCache(NormCache.DefaultFolder(), WriteWarning).Entries(), enumerateCollection: true);
}
