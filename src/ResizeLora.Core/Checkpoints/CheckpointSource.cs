using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>The weights of some files of a checkpoint that belong together: a single file, or all shards of a component.</summary>
internal sealed class CheckpointSource
{
    private const string WeightSuffix = ".weight";
    private const int FewestDimensions = 2;
    private const int MostDimensions = 5;

    private readonly Dictionary<string, WeightRows> _weights = new(StringComparer.Ordinal);

    /// <param name="folder">The component's subfolder, such as unet/; empty if there is none.</param>
    /// <param name="files">The files, each with its number in the checkpoint.</param>
    /// <param name="read">Reads a small tensor that says how another one is stored; null to go by headers alone.</param>
    public CheckpointSource(string folder, IReadOnlyList<(int Number, TensorHeader Header)> files, Func<StoredTensor, byte[]>? read = null)
    {
        Folder = folder;
        foreach ((int number, TensorHeader header) in files)
        {
            foreach (TensorInfo tensor in header.Tensors.Where(IsMatrix))
                _weights.TryAdd(PathOf(tensor.Name), WeightRows.AllOf(QuantisedFormats.Find(new WeightSurroundings(new StoredTensor(number, tensor), files, read))));
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

    /// <summary>Makes sure that a file can be part of a checkpoint.</summary>
    /// <exception cref="ResizeLoraException">It is a LoRA, or its weights can't be read.</exception>
    public static void EnsureCheckpoint(TensorHeader header, string path)
    {
        if (header.Tensors.Count(tensor => AdapterNaming.Parse(tensor) is not null || TensorPart.Parse(tensor) is not null) * 2 > header.Tensors.Count)
            throw CheckpointErrors.CheckpointIsLora(path);

        if (QuantisedFormats.WhyUnreadable(header) is { } unreadable)
            throw CheckpointErrors.Quantised(path, unreadable.Tensor.Name, unreadable.Problem);
    }

    /// <summary>Linear layers and convolutions; norms and biases have one dimension.</summary>
    private static bool IsMatrix(TensorInfo tensor) =>
        tensor.Shape.Count is >= FewestDimensions and <= MostDimensions && tensor.ElementCount > 0;

    private static string PathOf(string name) =>
        name.EndsWith(WeightSuffix, StringComparison.Ordinal) ? name[..^WeightSuffix.Length] : name + NameTemplate.RawMark;
}
