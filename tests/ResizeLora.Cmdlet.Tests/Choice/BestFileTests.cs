using System.Text;
using System.Text.Json;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Choice;

/// <summary>An adapter so small that every file which could be made of it can be looked at: eight layers of rank 4.</summary>
public sealed class BestFileTests : IDisposable
{
    private const int Layers = 8;
    private const int Rank = 4;

    /// <summary>What rounding to half precision adds to the squared error, and a little more.</summary>
    private const double Rounding = 1e-7;

    private readonly ModuleSession _session = new();
    private readonly string _path;
    private readonly List<DecomposedLayer> _layers;
    private readonly List<(int[] Ranks, double Error)> _choices;

    public BestFileTests()
    {
        var random = new Random(13);
        var file = new SampleFile();
        for (int layer = 0; layer < Layers; layer++)
            file.AddLora($"lora_unet_block_{layer * 7}", random.Next(8, 90), random.Next(8, 90), Rank, random, alpha: 1 + layer, SafetensorsDType.F16);
        _path = file.Write(_session.PathOf("small.safetensors"));
        _layers = [.. _session.RunOrThrow("Get-LoraSpectrum $args[0]", _path).Select(item => (DecomposedLayer)item.BaseObject)];
        double whole = _layers.Sum(layer => layer.SingularValues.Sum(value => value * value));
        _choices = [.. All().Select(ranks => (ranks, Math.Sqrt(_layers.Select((layer, i) => layer.SingularValues.Skip(ranks[i]).Sum(value => value * value)).Sum() / whole))).OrderBy(choice => choice.Item2)];
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void The_best_file_is_chosen_at_each_size()
    {
        for (int size = 3000; size < 8500; size += 290)
        {
            ResizeResult result = Resize(FormattableString.Invariant($"minimize=error,size={size / 1048576.0:R}"));

            Assert.True(result.Size <= size);
            int metadata = MetadataLength(result.Path);
            double best = _choices.First(choice => Length(choice.Ranks, metadata) <= size).Error;
            Assert.Equal(best, Truncation(result.Path), 1e-9);
        }
    }

    [Fact]
    public void The_smallest_file_is_chosen_for_each_error()
    {
        for (double error = 0.02; error < 0.99; error += 0.0871)
        {
            ResizeResult result = Resize(FormattableString.Invariant($"minimize=error,error={error:R}"));

            Assert.True(result.RelativeError <= error);
            int metadata = MetadataLength(result.Path);
            Assert.Equal(_choices.TakeWhile(choice => Math.Sqrt(choice.Error * choice.Error + Rounding) <= error).Min(choice => Length(choice.Ranks, metadata)), result.Size);
        }
    }

    [Fact]
    public void Scores_keep_the_fewest_values_that_meet_an_error()
    {
        // In the order of scores, which for one reference is that of singular values over it.
        (double Score, int Layer)[] line = [.. _layers.SelectMany((layer, i) => layer.SingularValues.Select(value => (value / layer.SpectralNorm, i))).OrderByDescending(item => item.Item1)];
        foreach (double error in new[] { 0.05, 0.2, 0.4, 0.6, 0.8 })
        {
            ResizeResult result = Resize(FormattableString.Invariant($"spn_lora=1,error={error}"));

            Assert.True(result.RelativeError <= error);
            Assert.True(ErrorOf(line.Take(result.Rank)) <= error);
            Assert.True(ErrorOf(line.Take(result.Rank - 1)) > error);
            Assert.Equal(Math.Log10(line[result.Rank - 1].Score), result.Threshold, 1e-9);
        }

        double ErrorOf(IEnumerable<(double Score, int Layer)> kept)
        {
            int[] ranks = new int[Layers];
            foreach ((_, int layer) in kept)
                ranks[layer]++;
            return _choices.Single(choice => choice.Ranks.SequenceEqual(ranks)).Error;
        }
    }

    private ResizeResult Resize(string recipe) =>
        (ResizeResult)_session.RunOrThrow("Invoke-LoraResize $args[0] -Recipe $args[1] -Destination $args[2] -Precision Float16 -WarningAction Ignore", _path, recipe, _session.PathOf("out")).Single().BaseObject;

    private static IEnumerable<int[]> All()
    {
        for (int number = 0; number < Math.Pow(Rank + 1, Layers); number++)
        {
            int[] ranks = new int[Layers];
            for (int layer = 0, rest = number; layer < Layers; layer++, rest /= Rank + 1)
                ranks[layer] = rest % (Rank + 1);
            yield return ranks;
        }
    }

    private double Truncation(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int[] ranks = [.. _layers.Select(layer => (int)(file.Header.Tensors.FirstOrDefault(tensor => tensor.Name == layer.Name + ".lora_down.weight")?.Shape[0] ?? 0))];
        return _choices.Single(choice => choice.Ranks.SequenceEqual(ranks)).Error;
    }

    private static int MetadataLength(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)BitConverter.ToUInt64(bytes)));
        return Encoding.UTF8.GetByteCount(header.RootElement.GetProperty("__metadata__").GetRawText());
    }

    /// <summary>The length of a file with the given ranks, by the format's definition.</summary>
    private long Length(int[] ranks, int metadata)
    {
        long header = "{\"__metadata__\":}".Length + metadata;
        long offset = 0;
        foreach ((int i, DecomposedLayer layer) in _layers.Index().OrderBy(item => item.Item.Name + ".", StringComparer.Ordinal))
        {
            if (ranks[i] is not (> 0 and var rank))
                continue;

            Add(layer.Name + ".alpha", "", 1);
            Add(layer.Name + ".lora_down.weight", $"{rank},{layer.Columns}", rank * layer.Columns);
            Add(layer.Name + ".lora_up.weight", $"{layer.Rows},{rank}", rank * layer.Rows);
        }

        return 8 + (header + 7) / 8 * 8 + offset;

        void Add(string name, string shape, long elements)
        {
            header += $",\"{name}\":{{\"dtype\":\"F16\",\"shape\":[{shape}],\"data_offsets\":[{offset},{offset + 2 * elements}]}}".Length;
            offset += 2 * elements;
        }
    }
}
