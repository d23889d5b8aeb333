using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

public sealed class PipelineRuleTests : IDisposable
{
    private const string Keep = "spn_lora,thr=-0.25";

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Several_recipes_decompose_each_layer_once()
    {
        IReadOnlyList<ResizeResult> results = _bench.Resize(_bench.WriteLora(), Keep, "fro_lora,thr=-0.5", "params,thr=-9");
        Assert.Equal(3, results.Count);
        Assert.Equal(3, _bench.Engine.Decompositions);
    }

    [Fact]
    public void Each_recipe_of_a_call_gives_what_it_gives_alone()
    {
        string path = _bench.WriteLora();
        IReadOnlyList<ResizeResult> together = _bench.Resize(path, Keep, "fro_lora,thr=-0.5");
        byte[][] files = [.. together.Select(result => File.ReadAllBytes(result.Path))];
        _bench.Options = _bench.Options with { Overwrite = true };
        _bench.Resize(path, "fro_lora,thr=-0.5");
        _bench.Resize(path, Keep);
        Assert.Equal(files, together.Select(result => File.ReadAllBytes(result.Path)));
    }

    [Fact]
    public void Norms_of_a_base_layer_are_computed_once_and_cached_for_the_next_run()
    {
        _bench.Options = _bench.Options with { CacheFolder = _bench.Folder["cache"] };
        for (int run = 0; run < 2; run++)
        {
            using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
            ResizePipeline pipeline = _bench.Pipeline(checkpoint);
            Assert.Equal(3, pipeline.Decompose(_bench.WriteLora()).Count(layer => layer.BaseSpectralNorm > 0));
            Assert.Equal(3, pipeline.Decompose(_bench.WriteLora()).Count());
            Assert.Equal(3, _bench.Engine.NormComputations);
        }

        Assert.Equal(3, Assert.Single(new NormCache(_bench.Folder["cache"], _bench.Host).Entries()).LayerCount);
        Assert.Empty(_bench.Host.Warnings);
    }

    [Fact]
    public void Without_a_cache_nothing_is_written_but_the_norms_are_there()
    {
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
        Assert.All(_bench.Pipeline(checkpoint).Decompose(_bench.WriteLora()), layer => Assert.True(layer.BaseFrobeniusNorm > 0));
        Assert.Equal(["base.safetensors", "style.safetensors"], _bench.Folder.FileNames);
    }

    [Fact]
    public void Decomposed_layers_come_in_the_order_of_their_names_and_tell_their_partner()
    {
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
        List<DecomposedLayer> layers = [.. _bench.Pipeline(checkpoint).Decompose(_bench.WriteLora())];
        Assert.Equal([Workbench.First, Workbench.Second, Workbench.Third], layers.Select(layer => layer.Name));
        Assert.Equal("model.diffusion_model.middle_block.1.proj_in.weight", layers[2].BaseLayer);
        Assert.Equal([AdapterComponent.TextEncoder1, AdapterComponent.TextEncoder1, AdapterComponent.Unet], layers.Select(layer => layer.Component));
        Assert.Equal(Enumerable.Range(1, 3).Select(done => ("Decomposing layer", done, 3)), _bench.Host.Steps);
    }

    [Fact]
    public void Layers_decomposed_earlier_are_not_decomposed_again()
    {
        string path = _bench.WriteLora();
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path)];
        ResizeResult result = Assert.Single(_bench.Pipeline().Resize(path, [(ResizeRecipe.Parse(Keep), layers)]));
        Assert.Equal(3, _bench.Engine.Decompositions);
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= -0.25);
    }

    [Fact]
    public void What_a_recipe_needs_of_the_base_is_added_to_layers_decomposed_without_it()
    {
        string path = _bench.WriteLora();
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path)];
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
        ResizeRecipe recipe = ResizeRecipe.Parse("spn_ckpt=0.5,subspace=0.5,thr=-1.5");
        ResizeResult late = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [(recipe, layers)]));
        Assert.InRange(late.Rank, 1, 11);
        byte[] bytes = File.ReadAllBytes(late.Path);

        _bench.Options = _bench.Options with { Overwrite = true };
        ResizeResult direct = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [recipe]));
        Assert.Equal(bytes, File.ReadAllBytes(direct.Path));
        Assert.All(layers, layer => Assert.Null(layer.BaseSpectralNorm));
    }

    [Fact]
    public void Layers_that_the_user_took_out_are_left_out_of_the_output()
    {
        string path = _bench.WriteLora(Workbench.ThreeLayers().AddRaw("some.bias", SafetensorsDType.U8, [1], [7]));
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path).Where(layer => layer.Component != AdapterComponent.TextEncoder1)];
        ResizeResult result = Assert.Single(_bench.Pipeline().Resize(path, [(ResizeRecipe.Parse(Keep), layers)]));
        Assert.Equal([Workbench.Third], LoraFile.Layers(result.Path).Keys);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.NotNull(file.Header.Find("some.bias"));
    }

    [Fact]
    public void A_file_changed_since_it_was_decomposed_is_refused_and_nothing_is_left()
    {
        string path = _bench.WriteLora();
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path)];
        _bench.WriteLora(Workbench.ThreeLayers(seed: 2));
        ResizeLoraException exception = Refusal.Of("FileChanged", () => Workbench.Finish(_bench.Pipeline().Resize(path, [(ResizeRecipe.Parse(Keep), layers)])));
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }

    [Fact]
    public void A_changed_alpha_alone_is_a_change()
    {
        string path = _bench.WriteLora();
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path)];
        _bench.WriteLora(Workbench.ThreeLayers(alpha: 3));
        Refusal.Of("FileChanged", () => Workbench.Finish(_bench.Pipeline().Resize(path, [(ResizeRecipe.Parse(Keep), layers)])));
    }

    [Fact]
    public void A_layer_that_is_gone_is_a_change_too()
    {
        string path = _bench.WriteLora();
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(path)];
        _bench.WriteLora(new SampleFile().AddLora(Workbench.Third, 10, 8, 4, new Random(1), 2));
        Refusal.Of("FileChanged", () => Workbench.Finish(_bench.Pipeline().Resize(path, [(ResizeRecipe.Parse(Keep), layers)])));
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_number_that_is_none_is_an_error_that_names_layer_tensor_and_file(float value)
    {
        var random = new Random(3);
        Matrix up = Matrix.Gaussian(9, 4, random);
        up[8, 3] = value;
        string path = _bench.WriteLora(new SampleFile()
            .AddLora(Workbench.First, 12, 9, 4, random, 4)
            .Add($"{Workbench.Second}.lora_up.weight", up)
            .Add($"{Workbench.Second}.lora_down.weight", Matrix.Gaussian(4, 12, random)));
        ResizeLoraException exception = Refusal.Of("NonFiniteValue", () => _bench.Resize(path, Keep));
        Assert.Equal(FaultKind.InvalidData, exception.Kind);
        Assert.Contains($"'{Workbench.Second}.lora_up.weight'", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'{Workbench.Second}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }

    [Fact]
    public void An_alpha_that_is_no_number_is_named()
    {
        string path = _bench.WriteLora(Workbench.ThreeLayers(alpha: double.NaN));
        ResizeLoraException exception = Refusal.Of("NonFiniteValue", () => _bench.Resize(path, Keep));
        Assert.Contains($"'{Workbench.First}.alpha'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_is_none_in_the_base_names_the_checkpoint()
    {
        var weight = new Matrix(12, 9) { [5, 5] = double.NaN };
        string basePath = new SampleFile().Add("conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight", weight).Write(_bench.Folder["base"]);
        using BaseCheckpoint checkpoint = BaseCheckpoint.Open(basePath, cacheFolder: null, _bench.Host, CancellationToken.None);
        string path = _bench.WriteLora();
        ResizeLoraException exception = Refusal.Of("NonFiniteValue", () => Workbench.Finish(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Default])));
        Assert.Contains(basePath, exception.Message, StringComparison.Ordinal);
        Assert.Contains("fc1.weight", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_that_keeps_nothing_does_not_end_the_work_on_the_others()
    {
        string path = _bench.WriteLora();
        IReadOnlyList<ResizeResult> results = _bench.Resize(path, "spn_lora,thr=1", Keep, "spn_lora,size=0.0001");
        Assert.Equal("style_spnlora1_fp32_th-0.25.safetensors", Assert.Single(results).Name);
        Assert.Equal(["NothingKept", "BudgetTooSmall"], _bench.Host.Errors.Select(error => error.ErrorId));
        Assert.All(_bench.Host.Errors, error => Assert.Equal(FaultKind.NothingKept, error.Kind));
        Assert.Equal(["style.safetensors", "style_spnlora1_fp32_th-0.25.safetensors"], _bench.Folder.FileNames);
    }

    [Fact]
    public void A_file_without_lora_layers_is_refused()
    {
        string path = _bench.WriteLora(new SampleFile().AddRaw("x", SafetensorsDType.U8, [1], [1]));
        Refusal.Of("NoLoraLayers", () => _bench.Resize(path, Keep), path);
    }

    [Fact]
    public void The_wrong_checkpoint_is_refused_before_any_work()
    {
        string basePath = new SampleFile().Add("model.diffusion_model.out.2.weight", new Matrix(3, 3)).Write(_bench.Folder["base"]);
        using BaseCheckpoint checkpoint = BaseCheckpoint.Open(basePath, cacheFolder: null, _bench.Host, CancellationToken.None);
        string path = _bench.WriteLora();
        Refusal.Of("NothingPairs", () => Workbench.Finish(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Default])), path, basePath);
        Assert.Equal(0, _bench.Engine.Decompositions);
    }

    [Fact]
    public void A_layer_without_partner_is_kept_unchanged_with_a_warning()
    {
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        string path = _bench.WriteLora();
        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse("spn_ckpt,thr=-1.9")]));
        Assert.Contains(Workbench.Third, Assert.Single(_bench.Host.Warnings), StringComparison.Ordinal);
        using SafetensorsFile before = SafetensorsFile.Open(path);
        using SafetensorsFile after = SafetensorsFile.Open(result.Path);
        foreach (string suffix in new[] { "lora_up.weight", "lora_down.weight", "alpha" })
            Assert.Equal(before.Read(before.Header.Find($"{Workbench.Third}.{suffix}")!), after.Read(after.Header.Find($"{Workbench.Third}.{suffix}")!));
    }

    [Fact]
    public void A_layer_without_partner_can_be_dropped()
    {
        _bench.Options = _bench.Options with { UnmatchedLayer = UnmatchedLayer.Drop };
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(_bench.WriteLora(), [ResizeRecipe.Parse("spn_ckpt,thr=-9")]));
        Assert.Single(_bench.Host.Warnings);
        Assert.Equal([Workbench.First, Workbench.Second], LoraFile.Layers(result.Path).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_layer_without_partner_can_be_an_error()
    {
        _bench.Options = _bench.Options with { UnmatchedLayer = UnmatchedLayer.Error };
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        Assert.Empty(_bench.Pipeline(checkpoint).Resize(_bench.WriteLora(), [ResizeRecipe.Parse("spn_ckpt,thr=-9")]));
        ResizeLoraException error = Assert.Single(_bench.Host.Errors);
        Assert.Equal("UnmatchedLayer", error.ErrorId);
        Assert.Contains(Workbench.Third, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_without_partner_is_resized_by_a_recipe_that_does_not_look_at_the_base()
    {
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        string path = _bench.WriteLora();
        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse(Keep)]));
        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, values, i) => Math.Log10(values[i] / values[0]) >= -0.25);
        Assert.Empty(_bench.Host.Warnings);
    }

    [Fact]
    public void What_may_not_be_written_is_not()
    {
        _bench.Host.Allow = false;
        Assert.Empty(_bench.Resize(_bench.WriteLora(), Keep));
        (string path, string description) = Assert.Single(_bench.Host.Asked);
        Assert.Equal(_bench.Folder["style_spnlora1_fp32_th-0.25.safetensors"], path);
        Assert.StartsWith("rank 12 -> ", description, StringComparison.Ordinal);
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }

    [Fact]
    public void An_existing_output_is_replaced_only_when_asked()
    {
        string path = _bench.WriteLora();
        string target = _bench.Folder["style_spnlora1_fp32_th-0.25.safetensors"];
        File.WriteAllText(target, "old");
        Assert.Empty(_bench.Resize(path, Keep));
        Assert.Equal("OutputExists", Assert.Single(_bench.Host.Errors).ErrorId);
        Assert.Equal("old", File.ReadAllText(target));
        File.Delete(target);

        File.Move(Assert.Single(_bench.Resize(path, "spn_lora,thr=-0.1")).Path, target);
        _bench.Options = _bench.Options with { Overwrite = true };
        Assert.Single(_bench.Resize(path, Keep));
        Assert.Equal(3, LoraFile.Layers(target).Count);
    }

    [Fact]
    public void What_another_program_puts_under_the_name_meanwhile_stays()
    {
        string path = _bench.WriteLora();
        string target = _bench.Folder["style_spnlora1_fp32_th-0.25.safetensors"];
        _bench.Options = _bench.Options with { Overwrite = true };
        _bench.Host.AtStep = stage =>
        {
            if (stage == "Writing layer")
                File.WriteAllText(target, "precious");
        };
        Refusal.Of("OutputIsNotOurs", () => _bench.Resize(path, Keep), target);
        Assert.Equal("precious", File.ReadAllText(target));
        Assert.Equal(["style.safetensors", Path.GetFileName(target)], _bench.Folder.FileNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_layer_too_large_for_the_precision_is_named_with_the_remedy_and_nothing_is_left()
    {
        string path = _bench.WriteLora();
        Refusal.Of(
            "ValueTooLarge",
            () => Workbench.Finish(_bench.Pipeline(engine: new OverflowingEngine()).Resize(path, [ResizeRecipe.Parse(Keep)])),
            "lora_", path, "-Precision");
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }

    [Theory]
    [InlineData("Decomposing layer")]
    [InlineData("Writing layer")]
    public void Cancelling_stops_the_work_and_leaves_nothing(string stage)
    {
        using var cancellation = new CancellationTokenSource();
        _bench.Cancellation = cancellation.Token;
        _bench.Options = _bench.Options with { Workers = 1 };
        _bench.Host.AtStep = current =>
        {
            if (current == stage)
                cancellation.Cancel();
        };
        var file = new SampleFile();
        for (int i = 0; i < 20; i++)
            file.AddLora($"lora_te1_text_model_encoder_layers_{i}_mlp_fc1", 12, 9, 4, new Random(i), 4);
        string path = _bench.WriteLora(file);
        Assert.ThrowsAny<OperationCanceledException>(() => _bench.Resize(path, Keep));
        Assert.InRange(_bench.Host.Steps.Count(step => step.Stage == stage), 1, 3);
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
    }
}
