using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>What is asked of ranks for the sake of loaders, by parameters and on libtorch.</summary>
public sealed class RankOptionTests : IDisposable
{
    private readonly Bench _bench = new();

    public RankOptionTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("-Rank 3", "style_spnlora1_rank3_th-0.3.safetensors")]
    [InlineData("-Rank 12", "style_spnlora1_rank12_th-0.3.safetensors")]
    public void A_fixed_rank_is_that_of_every_layer(string parameter, string name)
    {
        ResizeResult result = _bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe $args[0] {parameter}", Bench.ByItself).Only<ResizeResult>();

        Assert.Equal(name, result.Name);
        int rank = int.Parse(parameter["-Rank ".Length..], null);
        Assert.All(RanksOf(result), written => Assert.Equal(rank, written));
        Assert.Equal(4 * rank, result.Rank);
        Assert.Equal(4, result.LayerCount);
    }

    [Theory]
    [InlineData("Float16", 2e-3)]
    [InlineData("BFloat16", 1e-2)]
    [InlineData("Float32", 1e-6)]
    public void Zeros_that_fill_up_leave_every_layer_as_it_was(string precision, double tolerance)
    {
        ResizeResult result = _bench.RunGrowing($"Invoke-LoraResize style.safetensors -Recipe $args[0] -Rank 300 -Precision {precision}", Bench.ByItself).Only<ResizeResult>();

        Dictionary<string, Matrix> written = LoraFile.EffectiveDeltas(result.Path);
        foreach ((string name, Matrix delta) in LoraFile.EffectiveDeltas(_bench.PathOf("style.safetensors")))
            Assert.InRange((written[name] - delta).FrobeniusNorm, 0, tolerance * delta.FrobeniusNorm);
        Assert.InRange(result.RelativeError, 0, tolerance);
    }

    [Fact]
    public void Multiples_and_a_maximum_hold_for_every_layer()
    {
        ResizeResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -RankMultiple 3 -MaxRank 7", Bench.ByItself).Only<ResizeResult>();

        Assert.Equal("style_spnlora1_rankmultiple3_maxrank7_th-0.3.safetensors", result.Name);
        Assert.All(RanksOf(result), rank => Assert.Contains(rank, new long[] { 3, 6 }));
        Assert.Contains("\"rank_limits\":\"RankMultiple=3,MaxRank=7\"", ReferenceFile.Open(result.Path).Metadata["resize_params"], StringComparison.Ordinal);
    }

    [Fact]
    public void Fused_layers_get_one_rank_from_layers_that_are_piped_too()
    {
        var random = new Random(5);
        _bench.Add("attention.safetensors", new SampleFile()
            .AddLora("lora_te1_text_model_encoder_layers_0_self_attn_q_proj", 16, 16, 6, random, 1)
            .AddLora("lora_te1_text_model_encoder_layers_0_self_attn_k_proj", 16, 16, 4, random, 0.1)
            .AddLora("lora_te1_text_model_encoder_layers_0_self_attn_v_proj", 16, 16, 8, random, 1));

        ResizeResult result = _bench.RunClean("Get-LoraSpectrum attention.safetensors | New-ResizeRecipe 'params=1,thr=-9' | Invoke-LoraResize -EqualRank").Only<ResizeResult>();

        Assert.Equal([8, 8, 8], RanksOf(result));
        Assert.Equal("attention_params1_equalrank_th-9.safetensors", result.Name);
    }

    [Fact]
    public void A_size_counts_what_the_options_add()
    {
        ResizeResult plain = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=0.006'").Only<ResizeResult>();
        ResizeResult rounded = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=0.006' -RankMultiple 4").Only<ResizeResult>();

        foreach (ResizeResult result in new[] { plain, rounded })
        {
            Assert.Equal(new FileInfo(result.Path).Length, result.Size);
            Assert.InRange(result.Size, 0.003 * 1048576, 0.006 * 1048576);
        }

        Assert.All(RanksOf(rounded), rank => Assert.Equal(0, rank % 4));
    }

    [Theory]
    [InlineData("-Rank 8 -MaxRank 8", "-MaxRank")]
    [InlineData("-Rank 8 -EqualRank", "-EqualRank")]
    [InlineData("-RankMultiple 16 -MaxRank 8", "-MaxRank to 16")]
    public void Options_that_contradict_each_other_end_the_call_before_any_work(string parameters, string remedy) =>
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe $args[0] {parameters}", Bench.ByItself)
            .Is("RankOptionConflict", ErrorCategory.InvalidArgument)
            .EndsTheCall()
            .Mentions(remedy);

    [Theory]
    [InlineData("-Rank 0")]
    [InlineData("-MaxRank -1")]
    [InlineData("-RankMultiple 5000")]
    public void A_rank_that_can_not_be_is_refused(string parameter) =>
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe $args[0] {parameter}", Bench.ByItself)
            .Is("ParameterArgumentValidationError", ErrorCategory.InvalidData);

    [Fact]
    public void Outputs_of_other_options_stand_side_by_side_and_are_told_apart()
    {
        const string job = "Invoke-LoraResize style.safetensors -Recipe $args[0] -SkipExisting";
        foreach (string parameters in new[] { "", "-Rank 4", "-MaxRank 2", "-EqualRank" })
        {
            Assert.Single(_bench.RunClean($"{job} {parameters}", Bench.ByItself).Output);
            Assert.Empty(_bench.RunClean($"{job} {parameters}", Bench.ByItself).Output);
        }

        Assert.Equal(5, _bench.Names().Count(name => name.StartsWith("style", StringComparison.Ordinal)));
    }

    private static long[] RanksOf(ResizeResult result)
    {
        ReferenceFile file = ReferenceFile.Open(result.Path);
        return [.. file.Names.Where(name => name.EndsWith(".lora_down.weight", StringComparison.Ordinal)).Select(name =>
        {
            long rank = file.Shape(name)[0];
            Assert.Equal(rank, file.Shape(name.Replace("down", "up", StringComparison.Ordinal))[1]);
            return rank;
        })];
    }
}
