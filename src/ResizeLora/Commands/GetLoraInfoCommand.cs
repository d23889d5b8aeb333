using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Info;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Describes LoRA files by their headers alone.</summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Get-LoraInfo.md")]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : FilesCommand
{
    /// <summary>Files, and folders of PEFT adapters, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet, HelpMessage = PathHelp)]
    [ValidateNotNullOrEmpty]
    [PathTransformation]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files, and folders of PEFT adapters, taken literally.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = LiteralPathHelp)]
    [ValidateNotNullOrEmpty]
    [PathTransformation]
    [Alias("PSPath", "LP")]
    [ArgumentCompleter(typeof(LiteralSafetensorsFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    private protected override string[] Inputs => ParameterSetName == LiteralPathSet ? LiteralPath : Path;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        Emit(ResolveFiles().SelectMany(path => EachFile.Results(path, Read(path), this)));
    }

    private IEnumerable<LoraInfo> Read(string path)
    {
        Stop.ThrowIfCancellationRequested();
        yield return LoraInspector.Read(path);
    }
}
