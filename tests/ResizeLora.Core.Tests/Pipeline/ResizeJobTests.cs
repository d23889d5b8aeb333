using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>What a call does with its inputs, apart from any shell.</summary>
public sealed class ResizeJobTests : IDisposable
{
    private const string Recipe = "spn_lora,thr=-0.25";

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_folder_that_is_not_to_be_created_ends_the_call_and_no_file_is_asked_for()
    {
        _bench.Host.AllowFolders = false;
        string[] inputs = [_bench.WriteLora(), _bench.WriteLora(name: "other.safetensors")];
        _bench.Options = _bench.Options with { Output = OutputPath.In(_bench.Folder["out"]) };

        Assert.Empty(Run(inputs));

        Assert.Empty(_bench.Host.Asked);
        Assert.Equal(0, _bench.Engine.Decompositions);
        Assert.Contains(_bench.Folder["out"], Assert.Single(_bench.Host.Warnings), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_bench.Folder["out"]));
    }

    [Fact]
    public void A_rehearsal_goes_on_though_nothing_may_be_created()
    {
        _bench.Host.AllowFolders = _bench.Host.Allow = false;
        _bench.Options = _bench.Options with { Output = OutputPath.In(_bench.Folder["out"]), IsRehearsal = true, EmitsPlans = true };

        ResizeResult plan = Assert.Single(Run([_bench.WriteLora()]));

        Assert.False(plan.IsWritten);
        Assert.Equal(_bench.Folder["out/style_spnlora1_fp32_th-0.25.safetensors"], plan.Path);
        Assert.Equal(["style.safetensors"], _bench.Folder.FileNames);
        Assert.False(Directory.Exists(_bench.Folder["out"]));
    }

    [Fact]
    public void Who_says_no_to_a_file_gets_no_plan_of_it()
    {
        _bench.Host.Allow = false;
        Assert.Empty(Run([_bench.WriteLora()]));
    }

    [Fact]
    public void Layers_of_two_files_are_compared_with_the_checkpoint_that_each_remembers()
    {
        string first = _bench.WriteCheckpoint();
        string second = _bench.Folder["second.safetensors"];
        SecondCheckpoint(7).Write(second);
        List<DecomposedLayer> layers = [.. Layers(_bench.WriteLora(), first), .. Layers(_bench.WriteLora(name: "other.safetensors"), second)];
        using var job = new ResizeJob(new(_bench.Engine), Options("spn_ckpt,thr=-9"), _bench.Host, CancellationToken.None);
        layers.ForEach(layer => job.Add(LayerReference.Of(layer)));

        IReadOnlyList<ResizeResult> results = [.. job.Finish()];

        Assert.Empty(_bench.Host.Errors);
        Assert.Equal([[first], [second]], results.Select(result => result.Checkpoint));
    }

    [Fact]
    public void Files_are_resized_before_the_next_ones_come()
    {
        using var job = new ResizeJob(new(_bench.Engine), Options(Recipe), _bench.Host, CancellationToken.None);
        Assert.Single(job.Resize([_bench.WriteLora()], areAll: false));
        Assert.Single(job.Resize([_bench.WriteLora(name: "other.safetensors")], areAll: false));
        Assert.Empty(job.Resize([_bench.Folder["style_spnlora1_fp32_th-0.25.safetensors"]], areAll: false));
        Assert.Empty(job.Finish());
        Assert.Empty(_bench.Host.Warnings);
    }

    private static SampleFile SecondCheckpoint(int seed)
    {
        var random = new Random(seed);
        return new SampleFile()
            .Add("conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight", Matrix.Gaussian(12, 9, random))
            .Add("conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc2.weight", Matrix.Gaussian(9, 12, random))
            .Add("model.diffusion_model.middle_block.1.proj_in.weight", Matrix.Gaussian(10, 8, random));
    }

    private List<DecomposedLayer> Layers(string path, string checkpoint)
    {
        using var opened = BaseCheckpoint.Open(checkpoint, cacheFolder: null, _bench.Host, CancellationToken.None);
        return [.. _bench.Pipeline(opened).Decompose(path)];
    }

    private ResizeOptions Options(string recipe) => _bench.Options with { Recipes = [ResizeRecipe.Parse(recipe)] };

    private List<ResizeResult> Run(string[] inputs)
    {
        using var job = new ResizeJob(new(_bench.Engine), Options(Recipe), _bench.Host, CancellationToken.None);
        return [.. job.Resize(inputs, areAll: true), .. job.Finish()];
    }
}
