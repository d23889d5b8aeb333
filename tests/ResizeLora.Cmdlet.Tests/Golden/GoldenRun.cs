using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Golden;

/// <summary>All golden recipes on all golden LoRAs, run once through the cmdlets.</summary>
public sealed class GoldenRun : IDisposable
{
    private readonly ModuleSession _session = new();
    private readonly Dictionary<(string Lora, string Recipe, ResizePrecision Precision), ResizeResult> _results = [];
    private readonly Dictionary<(string Lora, string Recipe), string> _errors = [];

    public GoldenRun()
    {
        _session.RunOrThrow("$env:RESIZELORA_CACHE = $args[0]", _session.PathOf("cache"));
        foreach (string lora in GoldenData.Loras)
        {
            string[] recipes = [.. GoldenData.Cases.Where(item => item.Lora == lora).Select(item => item.Recipe)];
            Layers[lora] = [.. _session
                .RunOrThrow("Get-LoraSpectrum $args[0] -Checkpoint $args[1]", GoldenData.PathOf(lora), GoldenData.Checkpoint)
                .Select(item => (DecomposedLayer)item.BaseObject)];
            foreach (ResizePrecision precision in new[] { ResizePrecision.Float32, ResizePrecision.Float16 })
                Resize(lora, recipes, precision);
        }
    }

    internal Dictionary<string, IReadOnlyList<DecomposedLayer>> Layers { get; } = [];

    public ResizeResult? Result(string lora, string recipe, ResizePrecision precision) =>
        _results.GetValueOrDefault((lora, ResizeRecipe.Parse(recipe).ToString(), precision));

    public string? ErrorId(string lora, string recipe) => _errors.GetValueOrDefault((lora, recipe));

    public void Dispose() => _session.Dispose();

    private void Resize(string lora, string[] recipes, ResizePrecision precision)
    {
        RunResult run = _session.Run(
            "param($Path, $Checkpoint, $Recipe, $Precision, $Destination) Invoke-LoraResize @PSBoundParameters",
            GoldenData.PathOf(lora),
            GoldenData.Checkpoint,
            recipes,
            precision,
            _session.PathOf(precision.ToString()));
        foreach (ResizeResult result in run.OutputAs<ResizeResult>())
            _results[(lora, result.Recipe.ToString(), precision)] = result;

        if (run.Errors.FirstOrDefault(error => error.Exception is not ResizeLoraException) is { } unexpected)
            throw new InvalidOperationException(unexpected.ToString(), unexpected.Exception);

        // What keeps nothing is an error; the message names the recipe.
        foreach (string recipe in recipes)
        {
            if (run.Errors.FirstOrDefault(error => error.Exception.Message.Contains($"'{ResizeRecipe.Parse(recipe)}'", StringComparison.Ordinal)) is { } error)
                _errors[(lora, recipe)] = ((ResizeLoraException)error.Exception).ErrorId;
        }
    }
}
