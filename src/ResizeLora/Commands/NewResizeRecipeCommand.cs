using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Recipes;

namespace ResizeLora.Commands;

/// <summary>Makes recipes from text or from parameters; attaches them to layers that are piped in.</summary>
[Cmdlet(VerbsCommon.New, "ResizeRecipe", DefaultParameterSetName = TextSet)]
[OutputType(typeof(ResizeRecipe), typeof(DecomposedLayer))]
public sealed class NewResizeRecipeCommand : PSCmdlet
{
    private const string TextSet = "Text";
    private const string WeightSet = "Weight";

    private ResizeRecipe[] _recipes = [];

    /// <summary>Recipes as text, such as <c>spn_ckpt=1,thr=-1.2</c>; several are separated by colons.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = TextSet)]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [];

    /// <summary>Layers from Get-LoraSpectrum; the recipe is attached to copies of them.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public DecomposedLayer[] InputObject { get; set; } = [];

    /// <summary>Weight of the spectral norm of the base layer.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double SpnCkpt { get; set; }

    /// <summary>Weight of the spectral norm of the LoRA layer.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double SpnLora { get; set; }

    /// <summary>Weight of the Frobenius norm of the base layer.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double FroCkpt { get; set; }

    /// <summary>Weight of the Frobenius norm of the LoRA layer.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double FroLora { get; set; }

    /// <summary>Weight of what the base layer does to the singular vectors.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double Subspace { get; set; }

    /// <summary>Weight of the parameters that one rank costs.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double Params { get; set; }

    /// <summary>The least score (log₁₀) that is kept.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    [Alias("Thr")]
    public double? Threshold { get; set; }

    /// <summary>The largest size of the output file in MiB.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double? Size { get; set; }

    /// <summary>What ΔW is multiplied by.</summary>
    [Parameter(ParameterSetName = WeightSet)]
    public double Rescale { get; set; } = 1;

    /// <inheritdoc/>
    protected override void BeginProcessing() => _recipes = ParameterSetName == TextSet ? Recipe : [FromParameters()];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (DecomposedLayer layer in InputObject)
            WriteObject(layer with { Recipes = [.. layer.Recipes, .. _recipes] });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!MyInvocation.ExpectingInput && InputObject.Length == 0)
            WriteObject(_recipes, enumerateCollection: true);
    }

    /// <summary>Through the text, so that the rules of the recipe language hold here too.</summary>
    private ResizeRecipe FromParameters()
    {
        (string Key, string Parameter, double? Value)[] values =
        [
            ("spn_ckpt", nameof(SpnCkpt), SpnCkpt),
            ("spn_lora", nameof(SpnLora), SpnLora),
            ("fro_ckpt", nameof(FroCkpt), FroCkpt),
            ("fro_lora", nameof(FroLora), FroLora),
            ("subspace", nameof(Subspace), Subspace),
            ("params", nameof(Params), Params),
            (RecipeKeys.Threshold, nameof(Threshold), Threshold),
            (RecipeKeys.Size, nameof(Size), Size),
            (RecipeKeys.Rescale, nameof(Rescale), Rescale),
        ];
        try
        {
            return ResizeRecipe.Parse(string.Join(',', values
                .Where(value => MyInvocation.BoundParameters.ContainsKey(value.Parameter))
                .Select(value => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value.Key}={value.Value:R}"))));
        }
        catch (ResizeLoraException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
            throw;
        }
    }
}
