using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;
using ResizeLora.Selection;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>What is asked of ranks, in the files that come of it.</summary>
public sealed class RankOptionTests : IDisposable
{
    private const string Attention = "lora_te1_text_model_encoder_layers_0_self_attn_";

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(2, ResizePrecision.Float32, 1e-6)]
    [InlineData(4, ResizePrecision.Float32, 1e-6)]
    [InlineData(7, ResizePrecision.Float32, 1e-6)]
    [InlineData(300, ResizePrecision.Float32, 1e-6)]
    [InlineData(7, ResizePrecision.Float16, 2e-3)]
    [InlineData(300, ResizePrecision.Float16, 2e-3)]
    [InlineData(7, ResizePrecision.BFloat16, 1e-2)]
    [InlineData(300, ResizePrecision.BFloat16, 1e-2)]
    public void A_fixed_rank_is_that_of_every_layer_and_zeros_change_nothing(int rank, ResizePrecision precision, double tolerance)
    {
        string path = _bench.WriteLora();
        ResizeResult result = Resize(path, "spn_lora,thr=-0.1", new(Rank: rank), precision);

        Workbench.AssertTruncated(path, result.Path, tolerance, (_, _, i) => i < rank);
        Assert.Equal([rank, rank, rank], RanksOf(result.Path));
        Assert.Equal(3 * rank, result.Rank);
        Assert.Equal(new FileInfo(result.Path).Length, result.Size);
    }

    [Fact]
    public void What_fills_a_rank_up_is_zero_to_the_bit()
    {
        ResizeResult result = Resize(_bench.WriteLora(), "spn_lora,thr=-0.1", new(Rank: 6));

        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Matrix up = SampleFile.ReadMatrix(file, $"{Workbench.First}.lora_up.weight");
        Matrix down = SampleFile.ReadMatrix(file, $"{Workbench.First}.lora_down.weight");
        for (int k = 0; k < 6; k++)
        {
            Assert.Equal(k >= 4, Enumerable.Range(0, up.Rows).All(row => BitConverter.DoubleToInt64Bits(up[row, k]) == 0));
            Assert.Equal(k >= 4, Enumerable.Range(0, down.Columns).All(column => BitConverter.DoubleToInt64Bits(down[k, column]) == 0));
        }
    }

    [Fact]
    public void With_a_fixed_rank_a_layer_of_zeros_stays_as_hot_swapping_asks()
    {
        string path = _bench.WriteLora(Workbench.ThreeLayers()
            .Add("lora_unet_zero.lora_up.weight", new Matrix(10, 4))
            .Add("lora_unet_zero.lora_down.weight", Matrix.Gaussian(4, 8, new Random(4))));
        ResizeResult result = Resize(path, "spn_lora,thr=-0.1", new(Rank: 5));

        Assert.Equal([5, 5, 5, 5], RanksOf(result.Path));
        Assert.Equal(0, LoraFile.EffectiveDeltas(result.Path)["lora_unet_zero"].FrobeniusNorm);
        Assert.All(AlphasOf(result.Path), alpha => Assert.Equal(5, alpha));
        Assert.Equal(4, result.LayerCount);
    }

    [Fact]
    public void With_a_fixed_rank_alpha_is_the_rank_also_where_values_are_small()
    {
        // Otherwise a power of four moves into alpha, and adapters whose alphas differ are not swapped.
        var random = new Random(8);
        string path = _bench.WriteLora(new SampleFile().AddLora(Workbench.First, 12, 9, 4, random, 4e-4).AddLora(Workbench.Second, 9, 12, 4, random, 4));
        Assert.Contains(AlphasOf(Resize(path, "spn_lora,thr=-9", RankLimits.None, ResizePrecision.Float16).Path), alpha => alpha < 1);

        ResizeResult result = Resize(path, "spn_lora,thr=-9", new(Rank: 8), ResizePrecision.Float16);

        Assert.All(AlphasOf(result.Path), alpha => Assert.Equal(8, alpha));
        Workbench.AssertTruncated(path, result.Path, 5e-3, (_, _, _) => true);
    }

    [Fact]
    public void Fused_layers_get_one_rank_and_keep_their_own_best_values()
    {
        string path = _bench.WriteLora(WithAttention());
        Dictionary<string, int> wished = ByName(Resize(path, "params,thr=-3", RankLimits.None).Path);
        int largest = "qkv".Max(part => wished.GetValueOrDefault($"{Attention}{part}_proj"));
        Assert.InRange(largest, 2, 5);
        Assert.Contains("qkv", part => wished.GetValueOrDefault($"{Attention}{part}_proj") < largest);

        ResizeResult result = Resize(path, "params,thr=-3", new(EqualRank: true));

        Workbench.AssertTruncated(path, result.Path, 1e-6, (name, _, i) => i < (name.StartsWith(Attention, StringComparison.Ordinal) ? largest : wished.GetValueOrDefault(name)));
    }

    [Fact]
    public void A_fused_layer_of_zeros_is_there_when_its_siblings_are()
    {
        var random = new Random(6);
        string path = _bench.WriteLora(new SampleFile()
            .AddLora($"{Attention}q_proj", 8, 8, 4, random)
            .AddLora($"{Attention}v_proj", 8, 8, 4, random)
            .Add($"{Attention}k_proj.lora_up.weight", new Matrix(8, 4))
            .Add($"{Attention}k_proj.lora_down.weight", Matrix.Gaussian(4, 8, random)));

        Assert.Equal([3, 3, 3], RanksOf(Resize(path, "spn_lora,thr=-9", new(EqualRank: true, MaxRank: 3)).Path));
        Assert.Equal([4, 4], RanksOf(Resize(path, "spn_lora,thr=-9", RankLimits.None).Path));
    }

    [Fact]
    public void A_rank_that_is_rounded_up_keeps_more_values_and_then_zeros()
    {
        string path = _bench.WriteLora();
        ResizeResult four = Resize(path, "spn_lora,thr=-0.01", new(RankMultiple: 2));
        Workbench.AssertTruncated(path, four.Path, 1e-6, (_, _, i) => i < 2);
        ResizeResult eight = Resize(path, "spn_lora,thr=-0.01", new(RankMultiple: 8));
        Workbench.AssertTruncated(path, eight.Path, 1e-6, (_, _, _) => true);
        Assert.Equal([8, 8, 8], RanksOf(eight.Path));
    }

    [Fact]
    public void Convolutions_keep_their_kernels()
    {
        var random = new Random(2);
        string path = _bench.WriteLora(new SampleFile()
            .Add("lora_unet_conv.lora_up.weight", Matrix.Gaussian(10, 3, random), SafetensorsDType.F32, 10, 3, 1, 1)
            .Add("lora_unet_conv.lora_down.weight", Matrix.Gaussian(3, 18, random), SafetensorsDType.F32, 3, 2, 3, 3));
        ResizeResult result = Resize(path, "spn_lora,thr=-0.1", new(Rank: 5));

        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, _, _) => true);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal([10, 5, 1, 1], file.Header.Tensors.Single(tensor => tensor.Name.EndsWith("up.weight", StringComparison.Ordinal)).Shape);
        Assert.Equal([5, 2, 3, 3], file.Header.Tensors.Single(tensor => tensor.Name.EndsWith("down.weight", StringComparison.Ordinal)).Shape);
    }

    [Fact]
    public void A_size_holds_and_is_used_up_with_any_options()
    {
        string path = _bench.WriteLora(WithAttention());
        var random = new Random(21);
        RankLimits[] options = [new(EqualRank: true), new(RankMultiple: 2), new(RankMultiple: 3), new(MaxRank: 3), new(true, 2, 5), new(true, 4)];
        foreach (RankLimits limits in options)
        {
            long all = Resize(path, "spn_lora,thr=-9", limits).Size;
            for (int round = 0; round < 6; round++)
            {
                int budget = random.Next((int)all / 3, (int)all + 300);
                ResizeResult result = Resize(path, FormattableString.Invariant($"spn_lora,size={budget / 1048576.0:R}"), limits);
                Assert.Equal(new FileInfo(result.Path).Length, result.Size);
                Assert.True(result.Size <= budget);

                // One step more adds at most four ranks to three fused layers, and the layers to the header.
                int step = (3 * 4 * (8 + 8) * sizeof(float)) + (3 * 3 * 160);
                Assert.True(double.IsNegativeInfinity(result.Threshold) || budget - result.Size < step, $"{limits}: {budget - result.Size} bytes are left.");
            }
        }
    }

    [Fact]
    public void A_fixed_rank_that_does_not_fit_is_refused_and_says_what_it_takes()
    {
        string path = _bench.WriteLora();
        Resizes(path, "spn_lora,size=0.002", new(Rank: 64));
        ResizeLoraException error = Assert.Single(_bench.Host.Errors);
        Assert.Equal("BudgetTooSmall", error.ErrorId);
        Assert.Contains("lower -Rank", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void A_layer_without_partner_obeys_too(int rank)
    {
        string path = _bench.WriteLora();
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        _bench.Options = _bench.Options with { RankLimits = new(Rank: rank) };
        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse("spn_ckpt,thr=-0.1")]));

        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, _, i) => i < rank);
        Assert.Equal([rank, rank, rank], RanksOf(result.Path));
        Assert.Contains($"kept as far as Rank={rank} allows): Unet (1): {Workbench.Third}", Assert.Single(_bench.Host.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_without_partner_is_kept_whole_where_the_options_allow()
    {
        string path = _bench.WriteLora();
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint(withThird: false);
        _bench.Options = _bench.Options with { RankLimits = new(RankMultiple: 2) };
        ResizeResult result = Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse("spn_ckpt,thr=9")]));

        Workbench.AssertTruncated(path, result.Path, 1e-6, (name, _, _) => name == Workbench.Third);
    }

    [Fact]
    public void Files_that_name_layers_by_position_tell_the_rank_that_is_written()
    {
        var random = new Random(3);
        string path = _bench.WriteLora(new SampleFile()
            .AddMetadata("unet:0:rank", "4")
            .Add("unet:0:up", Matrix.Gaussian(8, 4, random))
            .Add("unet:0:down", Matrix.Gaussian(4, 8, random)));
        ResizeResult result = Resize(path, "spn_lora,thr=-0.1", new(Rank: 6));

        Workbench.AssertTruncated(path, result.Path, 1e-6, (_, _, _) => true);
        using SafetensorsFile file = SafetensorsFile.Open(result.Path);
        Assert.Equal("6", file.Header.FindMetadata("unet:0:rank"));
    }

    [Fact]
    public void Work_with_other_options_is_not_taken_for_done()
    {
        string path = _bench.WriteLora();
        _bench.Options = _bench.Options with { SkipExisting = true };
        RankLimits[] options = [RankLimits.None, new(EqualRank: true), new(MaxRank: 2), new(MaxRank: 3), new(RankMultiple: 2), new(Rank: 2)];
        foreach (RankLimits limits in options)
            Assert.Single(Resizes(path, "spn_lora,thr=-0.3", limits));
        foreach (RankLimits limits in options)
            Assert.Empty(Resizes(path, "spn_lora,thr=-0.3", limits));

        using SafetensorsFile file = SafetensorsFile.Open(_bench.Folder["style_spnlora1_maxrank3_fp32_th-0.3.safetensors"]);
        Assert.Contains("\"rank_limits\":\"MaxRank=3\"", file.Header.FindMetadata("resize_params"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_options_the_metadata_are_as_before()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Resize(_bench.WriteLora(), "spn_lora,thr=-0.3", RankLimits.None).Path);
        Assert.DoesNotContain("rank_limits", file.Header.FindMetadata("resize_params"), StringComparison.Ordinal);
    }

    /// <summary>Three fused layers of one shape and different strength, and two others.</summary>
    private static SampleFile WithAttention()
    {
        var random = new Random(12);
        return new SampleFile()
            .AddLora($"{Attention}q_proj", 8, 8, 5, random, 1)
            .AddLora($"{Attention}k_proj", 8, 8, 5, random, 0.02)
            .AddLora($"{Attention}v_proj", 8, 8, 5, random, 0.1)
            .AddLora(Workbench.First, 12, 9, 4, random, 0.2)
            .AddLora(Workbench.Second, 9, 12, 4, random, 0.05);
    }

    private ResizeResult Resize(string path, string recipe, RankLimits limits, ResizePrecision precision = ResizePrecision.Float32) =>
        Assert.Single(Resizes(path, recipe, limits, precision));

    private List<ResizeResult> Resizes(string path, string recipe, RankLimits limits, ResizePrecision precision = ResizePrecision.Float32)
    {
        _bench.Options = _bench.Options with { RankLimits = limits, Precision = precision, Overwrite = !_bench.Options.SkipExisting };
        return [.. _bench.Pipeline().Resize(path, [ResizeRecipe.Parse(recipe)])];
    }

    private static int[] RanksOf(string path) => [.. ByName(path).Values];

    private static Dictionary<string, int> ByName(string path) => LoraFile.Layers(path).ToDictionary(layer => layer.Key, layer => layer.Value.Down.Rows, StringComparer.Ordinal);

    private static double[] AlphasOf(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. AdapterContents.Read(file.Header, path).Layers.Select(layer => SampleFile.ReadMatrix(file, layer.Alpha!.Name)[0, 0])];
    }
}
