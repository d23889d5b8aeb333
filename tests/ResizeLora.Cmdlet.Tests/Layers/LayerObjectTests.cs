using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Layers;

/// <summary>Layers are plain data: they can be kept, and nothing changes them.</summary>
public sealed class LayerObjectTests : IDisposable
{
    private readonly Bench _bench = new();

    public LayerObjectTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Attaching_a_recipe_leaves_the_layers_that_the_user_holds()
    {
        IReadOnlyList<DecomposedLayer> layers = _bench.RunClean("""
            $layers = Get-LoraSpectrum style.safetensors
            $once = $layers | New-ResizeRecipe 'spn_lora=1,thr=-0.3'
            $null = $once | New-ResizeRecipe 'spn_lora=1,thr=-0.2'
            $layers[0], $once[0]
            """).OutputAs<DecomposedLayer>();

        Assert.Empty(layers[0].Recipes);
        Assert.Equal(["spn_lora=1,thr=-0.3"], layers[1].Recipes.Select(recipe => recipe.ToString()));
        Assert.Equal(layers[0].Name, layers[1].Name);
    }

    [Fact]
    public void Resizing_leaves_the_layers_that_the_user_holds()
    {
        _bench.AddCheckpoint();

        DecomposedLayer layer = _bench.RunClean("""
            $layers = Get-LoraSpectrum style.safetensors
            $null = $layers | Invoke-LoraResize -Checkpoint base.safetensors
            $layers[0]
            """).Only<DecomposedLayer>();

        Assert.Empty(layer.Recipes);
        Assert.Null(layer.BaseSpectralNorm);
        Assert.Null(layer.BaseLayer);
    }

    [Fact]
    public void Recipes_are_kept_in_their_order() =>
        Assert.Equal(
            ["spn_lora=1,thr=-0.3", "fro_lora=1,thr=-0.5", "params=1,size=2"],
            _bench.RunClean("Get-LoraSpectrum style.safetensors | New-ResizeRecipe 'spn_lora,thr=-0.3:fro_lora,thr=-0.5' | New-ResizeRecipe -Params 1 -Size 2 | Select-Object -First 1 -ExpandProperty Recipes").OutputAs<ResizeRecipe>().Select(recipe => recipe.ToString()));

    [Fact]
    public void File_may_be_moved_away_and_back_while_layers_are_held()
    {
        string path = _bench.PathOf("style.safetensors");
        _bench.RunClean("$layers = Get-LoraSpectrum style.safetensors");
        File.Move(path, path + ".away");

        _bench.RunFailing("$layers | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Is("FileNotFound", ErrorCategory.ObjectNotFound).Mentions(path);

        File.Move(path + ".away", path);
        Assert.Single(_bench.RunClean("$layers | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Output);
    }

    [Fact]
    public void File_that_has_changed_since_is_refused()
    {
        string path = _bench.PathOf("style.safetensors");
        _bench.RunClean("$layers = Get-LoraSpectrum style.safetensors");
        _bench.AddLora("style.safetensors", 77);

        _bench.RunFailing("$layers | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Is("FileChanged", ErrorCategory.ReadError).LetsTheCallGoOn().Mentions(path, "Get-LoraSpectrum");
    }

    [Fact]
    public void File_of_which_a_layer_has_another_rank_since_is_refused()
    {
        _bench.RunClean("$layers = Get-LoraSpectrum style.safetensors");
        _bench.Add("style.safetensors", SampleModel.Lora(rank: 6));

        _bench.RunFailing("$layers | Invoke-LoraResize -Recipe $args[0]", Bench.ByItself).Is("FileChanged", ErrorCategory.ReadError);
    }

    [Fact]
    public void File_of_which_only_a_layer_that_would_be_dropped_has_changed_since_is_refused()
    {
        // In the first file one layer is tiny, so that nothing of it is kept; in the second it is the greatest.
        _bench.Add("style.safetensors", SampleModel.LoraWith(1, SampleModel.UnetFeedForward, "alpha").AddLora(SampleModel.Stranger, 8, 8, 4, new Random(1), 1e-3));
        _bench.RunClean("$layers = Get-LoraSpectrum style.safetensors");
        _bench.Add("style.safetensors", SampleModel.LoraWith(1, SampleModel.UnetFeedForward, "alpha").AddLora(SampleModel.Stranger, 8, 8, 4, new Random(1), 100));

        _bench.RunFailing("$layers | Invoke-LoraResize -Recipe 'params=1,thr=-3'").Is("FileChanged", ErrorCategory.ReadError);
    }
}
