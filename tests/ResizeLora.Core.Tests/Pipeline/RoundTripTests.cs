using ResizeLora.Core.Tests.Pairing;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

/// <summary>A file comes out with the names that it went in with, whatever its style.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly Workbench _bench = new();

    public static TheoryData<string> Lists =>
    [
        .. AdapterSample.All.Select(sample => sample.List).Distinct().Where(list => list.Contains("_lora_", StringComparison.Ordinal) || list == "sdxl_locon_lycoris"),
    ];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Lists))]
    public void Every_name_is_kept(string list)
    {
        var random = new Random(3);
        var file = new SampleFile();
        var adapter = new AdapterSample(list);
        foreach (TensorSpec tensor in adapter.Tensors)
        {
            // The names are what matters: as few numbers as will do.
            if (tensor.Shape.Count == 0)
                file.AddScalar(tensor.Name, 1);
            else
                file.Add(tensor.Name, Matrix.Gaussian(2, 2, random), SafetensorsDType.F32, [2, 2, .. tensor.Shape.Skip(2).Select(_ => 1L)]);
        }

        ResizeResult result = Assert.Single(_bench.Resize(_bench.WriteLora(file), "spn_lora=1,thr=-9"));

        using var written = SafetensorsFile.Open(result.Path);
        string[] names = [.. written.Header.Tensors.Select(tensor => tensor.Name)];
        Assert.Empty(adapter.Tensors.Select(tensor => tensor.Name).Except(names));

        // Readers of PEFT's names take the rank where there is no alpha, and some refuse one.
        bool isPeft = adapter.Tensors.Any(tensor => tensor.Name.Contains(".lora_A.", StringComparison.Ordinal)) && adapter.Tensors.All(tensor => !tensor.Name.EndsWith(".alpha", StringComparison.Ordinal));
        IEnumerable<string> alphas = isPeft ? [] : adapter.Layers.Select(layer => layer.Key + ".alpha").Order(StringComparer.Ordinal);
        Assert.Equal(alphas, names.Where(name => name.EndsWith(".alpha", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal((isPeft ? 2 : 3) * adapter.Layers.Count, names.Length);
    }
}
