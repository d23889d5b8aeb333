using System.Text.Json;

namespace ResizeLora.Checkpoints.Families;

/// <summary>
/// The folder of one component of a diffusers model. It may hold the same model several times: whole or in shards, which an
/// index names, and in other precisions, whose file names have one more part, as in model.fp16.safetensors.
/// </summary>
internal static class ComponentFolder
{
    private const string Extension = ".safetensors";
    private const string GgufExtension = ".gguf";
    private const string IndexMark = ".index.";
    private const string WeightMap = "weight_map";

    /// <summary>The files of the model in a folder, of the usual precision if there are several; none if it contains no model.</summary>
    /// <exception cref="ResizeLoraException">A shard is missing, or it is unclear which model to use.</exception>
    public static IReadOnlyList<string> Files(string folder)
    {
        if (!Directory.Exists(folder))
            return [];

        string[] indexes = [.. Directory.EnumerateFiles(folder, "*.json").Where(IsIndex).OrderBy(Path.GetFileName, StringComparer.Ordinal)];
        List<IReadOnlyList<string>> sharded = [.. indexes.Select(Shards)];
        string[] single =
        [
            .. Directory.EnumerateFiles(folder, "*" + Extension)
                .Except(sharded.SelectMany(shards => shards), StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

        if (indexes.Length + single.Length == 0)
            single = [.. Directory.EnumerateFiles(folder, "*" + GgufExtension).Order(StringComparer.Ordinal)];

        List<(string Name, IReadOnlyList<string> Files)> models =
        [
            .. indexes.Zip(sharded, (index, shards) => (NameOf(index), shards)),
            .. single.Select(file => (NameOf(file), file.EndsWith(GgufExtension, StringComparison.Ordinal) ? GgufParts.Of(file) : [file])).DistinctBy(model => model.Item2[0]),
        ];
        if (models.Count == 0)
            return [];

        // The shortest name is that without a precision; all others must be this with one.
        (string Name, IReadOnlyList<string> Files) usual = models.MinBy(model => model.Name.Length);
        return models.Find(model => model.Name != usual.Name && !model.Name.StartsWith(usual.Name + ".", StringComparison.Ordinal)) is { Files: { } other }
            ? throw CheckpointErrors.SeveralCheckpoints(folder, [usual.Files[0], other[0], .. models.Skip(2).Select(model => model.Files[0])])
            : usual.Files;
    }

    private static bool IsIndex(string path) => Path.GetFileName(path).Contains(Extension + IndexMark, StringComparison.Ordinal);

    private static string NameOf(string path) =>
        path.EndsWith(GgufExtension, StringComparison.Ordinal) ? GgufParts.NameOf(path) : Path.GetFileName(path).Split(Extension, 2)[0];

    private static IReadOnlyList<string> Shards(string index)
    {
        string folder = Path.GetDirectoryName(index)!;
        string[] shards = [.. Named(index).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => Path.Combine(folder, name))];
        return Array.Find(shards, shard => !File.Exists(shard)) is { } missing ? throw CheckpointErrors.ShardMissing(index, missing) : shards;
    }

    private static IEnumerable<string> Named(string index)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty(WeightMap, out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            {
                throw CheckpointErrors.InvalidShardIndex(index, $"it has no {WeightMap}");
            }

            string?[] names = [.. map.EnumerateObject().Select(tensor => tensor.Value.ValueKind == JsonValueKind.String ? tensor.Value.GetString() : null)];
            return names.Length > 0 && Array.TrueForAll(names, name => !string.IsNullOrEmpty(name) && name == Path.GetFileName(name))
                ? names.OfType<string>()
                : throw CheckpointErrors.InvalidShardIndex(index, $"its {WeightMap} names something other than files next to it");
        }
        catch (JsonException exception)
        {
            throw CheckpointErrors.InvalidShardIndex(index, "it is not valid JSON", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CheckpointErrors.InvalidShardIndex(index, exception.Message, exception);
        }
    }
}
