namespace ResizeLora.Adapters.Names;

/// <summary>The names of a layer's tensors in an output: as in the input, if that has factors.</summary>
/// <param name="Up">The name of B.</param>
/// <param name="Down">The name of A.</param>
/// <param name="Alpha">The name of alpha; null where none is written.</param>
internal sealed record WrittenNames(string Up, string Down, string? Alpha)
{
    /// <summary>Whether alpha may be left out where it says no more than the rank.</summary>
    public bool IsAlphaOptional { get; init; }

    /// <summary>Trainers that use these layer names name factors as kohya does; those that use paths, as PEFT does.</summary>
    private static readonly string[] KohyaPrefixes = ["lora_", "lycoris_"];

    public static WrittenNames Of(AdapterNaming naming, string layer) =>
        new(layer + naming.UpSuffix, layer + naming.DownSuffix, naming.AlphaName(layer)) { IsAlphaOptional = naming.IsAlphaOptional };

    /// <summary>The names for a layer that has no factors in the input.</summary>
    public static WrittenNames For(string layer)
    {
        bool isPath = layer.Contains('.', StringComparison.Ordinal) && !Array.Exists(KohyaPrefixes, prefix => layer.StartsWith(prefix, StringComparison.Ordinal));
        return isPath
            ? new WrittenNames($"{layer}.lora_B.weight", $"{layer}.lora_A.weight", layer + AdapterNaming.UsualAlphaSuffix) { IsAlphaOptional = true }
            : new WrittenNames($"{layer}.lora_up.weight", $"{layer}.lora_down.weight", layer + AdapterNaming.UsualAlphaSuffix);
    }
}
