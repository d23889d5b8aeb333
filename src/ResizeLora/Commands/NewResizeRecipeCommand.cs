using System.Globalization;
using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Decomposition;
using ResizeLora.Pipeline;
using ResizeLora.Recipes;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>Makes recipes from text or from parameters; attaches them to layers that are piped in.</summary>
[Cmdlet(VerbsCommon.New, "ResizeRecipe", DefaultParameterSetName = TextSet, HelpUri = HelpPage.Folder + "New-ResizeRecipe.md")]
[OutputType(typeof(ResizeRecipe), typeof(DecomposedLayer))]
public sealed class NewResizeRecipeCommand : ObservingCommand
{
    private const string TextSet = "Text";
    private const string WeightSet = "Weight";
    private const string Cpu = "cpu";

    private readonly List<LayerReference> _copies = [];

    /// <summary>Recipes as text, such as <c>spn_ckpt=1,thr=-1.2</c>, separated by colons; or as hashtables.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = TextSet, HelpMessage = "Recipes such as 'spn_ckpt=1,thr=-1.2', or hashtables such as @{ spn_ckpt = 1; thr = -1.2 }.")]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [];

    /// <summary>Layers from Get-LoraSpectrum, or copies of them; the recipe is attached to layers that are new objects.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Layers from Get-LoraSpectrum that the recipe is attached to.")]
    [LayerTransformation(TakesRecipes = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>Weight of the spectral norm of the base layer.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of the spectral norm of the base layer.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double SpnCkpt { get; set; }

    /// <summary>Weight of the spectral norm of the LoRA layer.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of the spectral norm of the LoRA layer.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double SpnLora { get; set; }

    /// <summary>Weight of the Frobenius norm of the base layer.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of the Frobenius norm of the base layer.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double FroCkpt { get; set; }

    /// <summary>Weight of the Frobenius norm of the LoRA layer.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of the Frobenius norm of the LoRA layer.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double FroLora { get; set; }

    /// <summary>Weight of what the base layer does to the singular vectors.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of what the base layer does to the singular vectors. Experimental.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double Subspace { get; set; }

    /// <summary>Weight of the parameters that one rank costs.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Weight of the number of parameters that one rank costs.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double Params { get; set; }

    /// <summary>What is made small in place of scores: error or error_ckpt.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "What is made small in place of scores: error, or error_ckpt for each layer's error relative to its base layer.")]
    [ArgumentCompleter(typeof(ObjectiveCompleter))]
    public string? Minimize { get; set; }

    /// <summary>The least score (log₁₀) that is kept.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The lowest score (log10) that is kept.")]
    [Alias("Thr")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? Threshold { get; set; }

    /// <summary>The largest size of the output file: in MiB, or with a unit such as 32MB.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The largest size of the output file: in MiB, or with a unit, such as 32MB or 0.5GiB.")]
    [SizeTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public string? Size { get; set; }

    /// <summary>The largest relative error of the output file.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The largest relative error of the output file, such as 0.05.")]
    [Alias("Error")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? ErrorLimit { get; set; }

    /// <summary>Keeps singular values above the largest one of their layer divided by this.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Keeps singular values above the largest one of their layer divided by this.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? SvRatio { get; set; }

    /// <summary>Keeps the fewest singular values of a layer that have this share of its Frobenius norm.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Keeps the fewest singular values of a layer that have this share of its Frobenius norm.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? SvFro { get; set; }

    /// <summary>Keeps the fewest singular values of a layer that have this share of their sum.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "Keeps the fewest singular values of a layer that have this share of their sum.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? SvCumulative { get; set; }

    /// <summary>The largest rank of a layer.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The largest rank of a layer.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? Rank { get; set; }

    /// <summary>The largest rank of a convolution.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The largest rank of a convolution, in place of Rank.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double? ConvRank { get; set; }

    /// <summary>The factor of ΔW.</summary>
    [Parameter(ParameterSetName = WeightSet, HelpMessage = "The factor by which the LoRA is multiplied. Default: 1.")]
    [NumberTransformation]
    [ArgumentCompleter(typeof(NumberCompleter))]
    public double Rescale { get; set; } = 1;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (ParameterSetName == WeightSet)
            Recipe = [ForCall(FromParameters)];
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(InputObject)))
            WriteObject(Recipe, enumerateCollection: true);

        foreach (PSObject layer in EnsureLayers(InputObject))
        {
            if (layer.BaseObject is LayerReference copy)
                _copies.Add(copy with { Recipes = [.. copy.Recipes ?? [], .. Recipe] });
            else if (layer.BaseObject is DecomposedLayer decomposed)
                WriteObject(decomposed with { Recipes = [.. decomposed.Recipes, .. Recipe] });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        using var job = new SpectrumJob(NumericEngineLoader.Default.LazyEngineOn(Cpu, Stop), new ResizeOptions(), this, Stop);
        _copies.ForEach(job.Add);
        Emit(job.Finish());
        Progress.Complete();
    }

    private ResizeRecipe FromParameters() => RecipeParser.ParsePairs(
    [
        .. RecipeKey.All
            .Where(key => MyInvocation.BoundParameters.ContainsKey(key.Parameter))
            .Select(key => (key.Name, Convert.ToString(MyInvocation.BoundParameters[key.Parameter], CultureInfo.InvariantCulture) ?? string.Empty)),
    ]);
}
