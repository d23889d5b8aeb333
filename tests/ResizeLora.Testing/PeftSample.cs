using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Adapters as PEFT saves them, and what PEFT makes of such a folder, written down from its source and not from ours.</summary>
internal static class PeftSample
{
    public const string WeightsName = "adapter_model.safetensors";
    public const string ConfigurationName = "adapter_config.json";

    /// <summary>Adapters that PEFT itself has saved, with what it says of them; see make.py in their folder.</summary>
    public static string Folder { get; } = Path.Combine(TestPaths.Data, "peft");

    /// <summary>Names of these adapters.</summary>
    public static IEnumerable<string> Names => Directory.EnumerateDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    /// <summary>Copies such an adapter.</summary>
    /// <returns>The folder.</returns>
    public static string CopyTo(string folder, string name, Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(Folder, name, WeightsName), Path.Combine(folder, WeightsName));
        JsonObject json = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name, ConfigurationName)))!.AsObject();
        change?.Invoke(json);
        File.WriteAllText(Path.Combine(folder, ConfigurationName), json.ToJsonString());
        return folder;
    }

    /// <summary>Writes an adapter with a configuration.</summary>
    /// <returns>The folder.</returns>
    public static string Write(string folder, SampleFile file, string configuration)
    {
        Directory.CreateDirectory(folder);
        file.Write(Path.Combine(folder, WeightsName));
        File.WriteAllText(Path.Combine(folder, ConfigurationName), configuration);
        return folder;
    }

    /// <summary>What PEFT says of the changes of one of its own adapters, by the names of the modules.</summary>
    public static Dictionary<string, Matrix> Expected(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, name, "expected.safetensors"));
        return file.Header.Tensors.ToDictionary(tensor => tensor.Name, tensor => SampleFile.ReadMatrix(file, tensor.Name), StringComparer.Ordinal);
    }

    /// <summary>
    /// What PEFT adds to the weights of the modules that its configuration targets; an error where it would find a tensor
    /// missing, left over, or of another shape.
    /// </summary>
    /// <param name="folder">The adapter.</param>
    /// <param name="modules">The modules of the model.</param>
    /// <param name="isOld">Whether as before version 0.14, which looks up rank and alpha by one pattern.</param>
    public static Dictionary<string, Matrix> Load(string folder, IEnumerable<string> modules, bool isOld = false)
    {
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(folder, ConfigurationName)));
        if (json.GetProperty("peft_type").GetString() != "LORA")
            throw new InvalidDataException("Another type.");

        (string, double)[] ranks = Pattern(json, "rank_pattern");
        (string, double)[] alphas = Pattern(json, "alpha_pattern");
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, WeightsName));
        HashSet<string> left = [.. file.Header.Tensors.Select(tensor => tensor.Name).Where(name => name.Contains(".lora_", StringComparison.Ordinal))];
        var changes = new Dictionary<string, Matrix>(StringComparer.Ordinal);
        foreach (string module in modules.Where(module => Targets(json.GetProperty("target_modules"), module)))
        {
            string rankKey = isOld ? OldKey(ranks.Concat(alphas), module) : Key(ranks, module);
            string alphaKey = isOld ? rankKey : Key(alphas, module);
            double rank = ranks.Where(pair => pair.Item1 == rankKey).Select(pair => (double?)pair.Item2).FirstOrDefault() ?? json.GetProperty("r").GetDouble();
            double alpha = alphas.Where(pair => pair.Item1 == alphaKey).Select(pair => (double?)pair.Item2).FirstOrDefault() ?? json.GetProperty("lora_alpha").GetDouble();
            double scale = json.TryGetProperty("use_rslora", out JsonElement root) && root.GetBoolean() ? alpha / Math.Sqrt(rank) : alpha / rank;

            string name = $"base_model.model.{module}.lora_";
            bool isEmbedding = left.Contains(name + "embedding_A");
            string[] factors = isEmbedding ? [name + "embedding_A", name + "embedding_B"] : [name + "A.weight", name + "B.weight"];
            if (!factors.All(left.Remove))
                throw new InvalidDataException($"Missing: {factors[0]}");

            Matrix down = SampleFile.ReadMatrix(file, factors[0]);
            if (down.Rows != rank)
                throw new InvalidDataException($"{factors[0]} has {down.Rows} rows, not {rank}.");

            left.RemoveWhere(tensor => tensor.StartsWith(name, StringComparison.Ordinal));
            changes[module] = scale * (SampleFile.ReadMatrix(file, factors[1]) * down);
        }

        return left.Count == 0 ? changes : throw new InvalidDataException($"Left over: {string.Join(", ", left)}");
    }

    private static (string, double)[] Pattern(JsonElement json, string key) => [.. json.GetProperty(key).EnumerateObject().Select(pair => (pair.Name, pair.Value.GetDouble()))];

    private static string Key(IEnumerable<(string Text, double)> patterns, string module) =>
        patterns.Select(pattern => pattern.Text).FirstOrDefault(text => Regex.IsMatch(module, $@"\A(.*\.)?({text})$")) ?? module;

    private static string OldKey(IEnumerable<(string Text, double)> patterns, string module) =>
        patterns.Select(pattern => pattern.Text).FirstOrDefault(text => Regex.IsMatch(module, $@"\A.*\.{text}$")) ?? module;

    private static bool Targets(JsonElement targets, string module) => targets.ValueKind == JsonValueKind.String
        ? Regex.IsMatch(module, $@"\A(?:{targets.GetString()})\z")
        : targets.EnumerateArray().Any(target => module == target.GetString() || module.EndsWith("." + target.GetString(), StringComparison.Ordinal));
}
