using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>The weights of some files of a checkpoint that belong together: a single file, or all shards of a component.</summary>
internal sealed class CheckpointSource
{
    private const string WeightSuffix = ".weight";
    private const int FewestDimensions = 2;
    private const int MostDimensions = 5;

    /// <summary>How the scale of an 8-bit weight is called instead of "weight".</summary>
    private static readonly string[] ScaleSuffixes = [".scale_weight", ".weight_scale"];

    private readonly Dictionary<string, WeightRows> _weights = new(StringComparer.Ordinal);

    /// <param name="folder">The component's subfolder, such as unet/; empty where there is none.</param>
    /// <param name="files">The files, each with its number in the checkpoint.</param>
    public CheckpointSource(string folder, IReadOnlyList<(int Number, SafetensorsHeader Header)> files)
    {
        Folder = folder;
        foreach ((int number, SafetensorsHeader header) in files)
        {
            foreach (TensorInfo tensor in header.Tensors.Where(IsMatrix))
                _weights.TryAdd(PathOf(tensor.Name), WeightRows.AllOf(new StoredTensor(number, tensor)) with { Scale = ScaleOf(tensor, files) });
        }
    }

    public string Folder { get; }

    /// <summary>The weight of a path, which is its name without .weight, or with a mark where it ends otherwise.</summary>
    public WeightRows? Find(string path) => _weights.GetValueOrDefault(path);

    /// <summary>Whether there is a weight whose name begins like this.</summary>
    public bool HasAny(string prefix) => _weights.Keys.Any(path => path.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The weights whose names begin in some way, by the rest of their paths.</summary>
    public IReadOnlyDictionary<string, WeightRows> WeightsFrom(string prefix) => _weights
        .Where(weight => weight.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value, StringComparer.Ordinal);

    /// <summary>Linear layers and convolutions; norms and biases have one dimension.</summary>
    private static bool IsMatrix(TensorInfo tensor) =>
        tensor.Shape.Count is >= FewestDimensions and <= MostDimensions && tensor.ElementCount > 0;

    private static string PathOf(string name) =>
        name.EndsWith(WeightSuffix, StringComparison.Ordinal) ? name[..^WeightSuffix.Length] : name + NameTemplate.RawMark;

    private static StoredTensor? ScaleOf(TensorInfo tensor, IReadOnlyList<(int Number, SafetensorsHeader Header)> files)
    {
        if (tensor.DType.BitSize() != 8 || !tensor.Name.EndsWith(WeightSuffix, StringComparison.Ordinal))
            return null;

        string layer = tensor.Name[..^WeightSuffix.Length];
        return ScaleSuffixes
            .SelectMany(suffix => files.Select(file => (file.Number, Scale: file.Header.Find(layer + suffix))))
            .Where(found => found.Scale is not null)
            .Select(found => new StoredTensor(found.Number, found.Scale!))
            .FirstOrDefault();
    }
}
