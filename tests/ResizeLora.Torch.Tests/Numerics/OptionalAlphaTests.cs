using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>Files in PEFT's names have no alpha of their own, and loaders refuse one: it is written only where ΔW needs it.</summary>
public sealed class OptionalAlphaTests : IDisposable
{
    private const string Name = "diffusion_model.double_blocks.0.img_attn.qkv";
    private const string Other = "diffusion_model.double_blocks.1.img_attn.qkv";

    private readonly ResizeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(".lora_B.weight", ".lora_A.weight", ResizePrecision.Float16)]
    [InlineData(".lora_B.weight", ".lora_A.weight", ResizePrecision.BFloat16)]
    [InlineData(".lora_B.weight", ".lora_A.weight", ResizePrecision.Float32)]
    [InlineData(".lora_B.style.weight", ".lora_A.style.weight", ResizePrecision.Float16)]
    [InlineData(".lora_B", ".lora_A", ResizePrecision.Float16)]
    public void None_is_added(string up, string down, ResizePrecision precision)
    {
        Assert.Equal([Name + down, Name + up], Tensors(File((Name, up, down, 0.1)), precision).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_full_weight_in_such_names_gets_none_either() =>
        Assert.Equal([Name + ".lora_A.weight", Name + ".lora_B.weight"], Tensors(new SampleFile().Add(Name + ".diff", Matrix.Gaussian(12, 9, new Random(1)))).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(".lora_up.weight", ".lora_down.weight")]
    [InlineData(".lora.up.weight", ".lora.down.weight")]
    public void Other_names_get_one_as_ever(string up, string down) =>
        Assert.Contains(Name + ".alpha", Tensors(File((Name, up, down, 0.1))));

    [Fact]
    public void A_file_that_has_one_gets_them_all()
    {
        SampleFile file = File((Name, ".lora_B.weight", ".lora_A.weight", 0.1), (Other, ".lora_B.weight", ".lora_A.weight", 0.1)).AddScalar(Other + ".alpha", 2);

        Assert.Equal([Name + ".alpha", Other + ".alpha"], Tensors(file).Where(name => name.EndsWith(".alpha", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(2e-5, true)]
    [InlineData(1e-3, false)]
    [InlineData(1, false)]
    [InlineData(1e5, true)]
    public void Half_precision_has_one_where_factors_alone_would_lose_digits(double size, bool isNeeded)
    {
        SampleFile file = File((Name, ".lora_B.weight", ".lora_A.weight", size), (Other, ".lora_B.weight", ".lora_A.weight", 1));

        ResizeResult result = _bench.Write(file, "spn_lora,thr=-60", ResizePrecision.Float16)!;

        Assert.Equal(isNeeded ? [Name + ".alpha"] : [], Names(result).Where(name => name.EndsWith(".alpha", StringComparison.Ordinal)));
        Assert.Equal(new FileInfo(result.Path).Length, result.Size);
        Dictionary<string, Matrix> before = LoraFile.EffectiveDeltas(result.SourcePath);
        Assert.All(LoraFile.EffectiveDeltas(result.Path), layer => Assert.InRange((before[layer.Key] - layer.Value).FrobeniusNorm / before[layer.Key].FrobeniusNorm, 0, 2e-3));
    }

    private static SampleFile File(params (string Name, string Up, string Down, double Size)[] layers)
    {
        var file = new SampleFile();
        foreach ((string name, string up, string down, double size) in layers)
        {
            file.Add(name + up, size * Matrix.Gaussian(12, 4, new Random(1)));
            file.Add(name + down, size * Matrix.Gaussian(4, 9, new Random(2)));
        }

        return file;
    }

    private List<string> Tensors(SampleFile file, ResizePrecision precision = ResizePrecision.Float16) => Names(_bench.Write(file, "spn_lora,thr=-60", precision)!);

    private static List<string> Names(ResizeResult result)
    {
        using SafetensorsFile written = SafetensorsFile.Open(result.Path);
        return [.. written.Header.Tensors.Select(tensor => tensor.Name)];
    }
}
