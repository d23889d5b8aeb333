using System.Globalization;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Golden;

/// <summary>The 96 cases of kohya's rules, through the cmdlets.</summary>
public sealed class KohyaCaseTests(KohyaRun run) : IClassFixture<KohyaRun>
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (KohyaCase item in GoldenData.KohyaCases)
            data.Add(item.Lora, KohyaRun.RecipeOf(item));
        return data;
    }

    [Fact]
    public void There_are_96_cases()
    {
        Assert.Equal(96, GoldenData.KohyaCases.Count);
        Assert.Equal(96, GoldenData.KohyaCases.Select(item => (item.Lora, KohyaRun.RecipeOf(item))).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ranks_and_norms_are_those_of_kohya(string lora, string recipe)
    {
        KohyaCase item = GoldenData.KohyaCases.Single(item => item.Lora == lora && KohyaRun.RecipeOf(item) == recipe);
        Assert.True(item.MinMargin is null or > 1e-6);
        ResizeResult result = run.Result(lora, recipe);

        using (SafetensorsFile file = SafetensorsFile.Open(result.Path))
        {
            Dictionary<string, int> ranks = file.Header.Tensors
                .Where(tensor => tensor.Name.EndsWith(".lora_down.weight", StringComparison.Ordinal))
                .ToDictionary(tensor => tensor.Name[..^".lora_down.weight".Length], tensor => (int)tensor.Shape[0], StringComparer.Ordinal);
            Assert.Equal(item.Kept.OrderBy(pair => pair.Key, StringComparer.Ordinal), ranks.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        }

        foreach ((string layer, Matrix delta) in LoraFile.EffectiveDeltas(result.Path))
            Assert.Equal(item.DeltaFro[layer], delta.FrobeniusNorm, 1e-5 * item.DeltaFro[layer]);
    }
}

/// <summary>All cases, run once.</summary>
public sealed class KohyaRun : IDisposable
{
    private readonly ModuleSession _session = new();
    private readonly Dictionary<(string Lora, string Recipe), ResizeResult> _results = [];

    public KohyaRun()
    {
        foreach (string lora in GoldenData.Loras)
        {
            string[] recipes = [.. GoldenData.KohyaCases.Where(item => item.Lora == lora).Select(RecipeOf)];
            RunResult run = _session.Run(
                "param($Path, $Recipe, $Destination) Invoke-LoraResize @PSBoundParameters -Precision Float32 -ErrorAction Stop",
                GoldenData.PathOf(lora),
                recipes,
                _session.PathOf("out"));
            foreach (ResizeResult result in run.OutputAs<ResizeResult>())
                _results[(lora, result.Recipe.ToString())] = result;
        }
    }

    public ResizeResult Result(string lora, string recipe) => _results[(lora, recipe)];

    public void Dispose() => _session.Dispose();

    internal static string RecipeOf(KohyaCase item) => string.Join(',', new[]
    {
        item.Method is null ? null : string.Create(CultureInfo.InvariantCulture, $"{item.Method}={item.Param}"),
        $"rank={item.NewRank}",
        item.NewConvRank is null ? null : $"conv_rank={item.NewConvRank}",
    }.OfType<string>());
}
