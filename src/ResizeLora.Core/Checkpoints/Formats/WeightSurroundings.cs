using System.Runtime.CompilerServices;
using System.Text.Json;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>A weight and the tensors around it, among which are those that say how it is stored.</summary>
/// <param name="Tensor">The tensor that gives the weight its name.</param>
/// <param name="Files">The headers of files that belong together, each with its number in the checkpoint.</param>
/// <param name="Content">Reads a small tensor; null to go by headers alone.</param>
internal sealed record WeightSurroundings(StoredTensor Tensor, IReadOnlyList<(int Number, TensorHeader Header)> Files, Func<StoredTensor, byte[]>? Content)
{
    /// <summary>How names of weights end.</summary>
    public const string Suffix = ".weight";

    /// <summary>The keys of notes in JSON.</summary>
    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The names of activation scales in ModelOpt, ComfyUI, Mistral and vLLM, which don't affect the weight.</summary>
    private static readonly string[] OtherScales =
        ["input_scale", "scale_input", "act_scale", "activation_scale", "qscale_act", "output_scale", "scale_output", "q_scale", "k_scale", "v_scale", "kv_scale", "logit_scale"];

    /// <summary>Possible scales, by their module; collected once per file.</summary>
    private static readonly ConditionalWeakTable<TensorHeader, ILookup<string, TensorInfo>> NamedScales = [];

    /// <summary>As long as a note may be.</summary>
    private const int LongestNote = 1 << 16;

    /// <summary>The name of the weight's tensor.</summary>
    public string Name => Tensor.Info.Name;

    /// <summary>The name of the weight's layer.</summary>
    public string Layer => Name[..^Suffix.Length];

    /// <summary>The tensors of the weight's own module that may be scales of it.</summary>
    public IEnumerable<TensorInfo> Scales()
    {
        // A module may have other weights: what does not end in .weight is followed by its scale's name.
        bool isOnly = Name.EndsWith(Suffix, StringComparison.Ordinal);
        string module = Name[..Math.Max(0, Name.LastIndexOf('.'))];
        return Files
            .Select(file => NamedScales.GetValue(file.Header, ScalesOf))
            .SelectMany(scales => scales[module].Where(scale => isOnly || scale.Name.StartsWith(Name, StringComparison.Ordinal)).Concat(scales[Name]))
            .Where(scale => scale.Name != Name);
    }

    /// <summary>The tensor of a name; null if there is none.</summary>
    /// <exception cref="FormatException">It does not hold numbers.</exception>
    public StoredTensor? Find(string name)
    {
        foreach ((int number, TensorHeader header) in Files)
        {
            if (header.Find(name) is { } tensor)
                return IsNumbers(tensor) ? new StoredTensor(number, tensor) : throw new FormatException($"'{DisplayText.Of(name)}' has the dtype {tensor.DType}");
        }

        return null;
    }

    /// <summary>The tensor of a name, which has so many elements.</summary>
    /// <exception cref="FormatException">It is missing, or something else.</exception>
    public StoredTensor Need(string name, long? count = null)
    {
        StoredTensor found = Find(name) ?? throw new FormatException($"'{DisplayText.Of(name)}' is missing");
        return count is null || found.Info.ElementCount == count ? found : throw new FormatException($"'{DisplayText.Of(name)}' has {found.Info.ElementCount} elements instead of {count}");
    }

    /// <summary>The JSON in a tensor; null if only headers are known.</summary>
    /// <exception cref="FormatException">It says something else.</exception>
    public T? Note<T>(StoredTensor tensor)
        where T : class
    {
        if (Content is null)
            return null;

        try
        {
            return tensor.Info.ByteCount <= LongestNote ? JsonSerializer.Deserialize<T>(Content(tensor), Json) : throw new JsonException();
        }
        catch (JsonException exception)
        {
            throw new FormatException($"'{DisplayText.Of(tensor.Info.Name)}' does not say how", exception);
        }
    }

    private static ILookup<string, TensorInfo> ScalesOf(TensorHeader header) => header.Tensors
        .Where(tensor => LastWord(tensor.Name) is var word && word.Contains("scale", StringComparison.OrdinalIgnoreCase) && !OtherScales.Contains(word, StringComparer.Ordinal))
        .ToLookup(tensor => tensor.Name[..Math.Max(0, tensor.Name.LastIndexOf('.'))], StringComparer.Ordinal);

    private static string LastWord(string name) => name[(name.LastIndexOf('.') + 1)..];

    private static bool IsNumbers(TensorInfo tensor) =>
        tensor is not GgufTensor { Format.Plain: null } && tensor.DType.Format() is { IsReal: true } or { IsReadable: true, Bits: 8 };
}
