using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Decomposition;

namespace ResizeLora.Commands;

/// <summary>The base of all cmdlets that decompose files, or take their layers: <c>-Path</c> with wildcards, <c>-LiteralPath</c> and layers.</summary>
public abstract class PipelineCommand : ComputingCommand
{
    private protected const string LayerSet = "Layer";

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

    /// <summary>The layers, or copies of layers, that a parameter has taken.</summary>
    private protected static List<LayerReference> LayersOf(IEnumerable<PSObject> layers) =>
        [.. layers.Select(layer => layer.BaseObject as LayerReference ?? LayerReference.Of((DecomposedLayer)layer.BaseObject))];
}
