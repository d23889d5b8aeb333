using ResizeLora.Info;

namespace ResizeLora;

/// <summary>What the header of a LoRA file says about it. Texts are unchanged from the file.</summary>
public sealed record LoraInfo
{
    internal LoraInfo(string path, TrainingMetadata training, ResizeOrigin origin)
    {
        Path = path;
        Training = training;
        Origin = origin;
    }

    /// <summary>The name of the file, or of the folder that PEFT has saved.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Bytes of the safetensors file.</summary>
    public required long Size { get; init; }

    /// <summary>How its layers change weights, such as LoRA or LoKr; several where it has several, the most frequent first.</summary>
    public required string Type { get; init; }

    /// <summary>Whose way of naming layers it has.</summary>
    public required string Style { get; init; }

    /// <summary>The family of models that it seems to be for, by names and sizes or, where these leave it open, by the architecture in its metadata; several with "or" between them, or Unknown.</summary>
    public string FamilyGuess => FamilyCandidates.Count == 0 ? "Unknown" : string.Join(" or ", FamilyCandidates);

    /// <summary>All families that it may be for: one where that is clear, none where nothing is known.</summary>
    public required IReadOnlyList<string> FamilyCandidates { get; init; }

    /// <summary>How many layers can be resized.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The layers by component and by what they do.</summary>
    public required IReadOnlyList<LoraLayerGroup> Layers { get; init; }

    /// <summary>The lowest rank of a layer; 0 if there is none.</summary>
    public required int MinimumRank { get; init; }

    /// <summary>The rank that half of the layers don't exceed.</summary>
    public required int MedianRank { get; init; }

    /// <summary>The highest rank of a layer.</summary>
    public required int MaximumRank { get; init; }

    /// <summary>Alpha, if the header gives it; otherwise a note on where it is.</summary>
    public required string Alpha { get; init; }

    /// <summary>The types of the numbers in its layers, the most frequent first.</summary>
    public required string DType { get; init; }

    /// <summary>Its name.</summary>
    public string? Title => Training.Title;

    /// <summary>Who made it.</summary>
    public string? Author => Training.Author;

    /// <summary>When it was made, in local time.</summary>
    public DateTime? Date => Training.Date;

    /// <summary>Its author's description.</summary>
    public string? Description => Training.Description;

    /// <summary>The model that it was trained on, as its trainer named it.</summary>
    public string? BaseModel => Training.BaseModel;

    /// <summary>The architecture of that model, as its trainer named it.</summary>
    public string? Architecture => Training.Architecture;

    /// <summary>Words that call for it in a prompt.</summary>
    public IReadOnlyList<string> TriggerWords => Training.TriggerWords;

    /// <summary>The most frequent tags of the pictures that it was trained on, the most frequent first.</summary>
    public IReadOnlyList<string> Tags => Training.Tags;

    /// <summary>How it was trained, in the words of its metadata: network module, steps, epochs, learning rate and so on.</summary>
    public IReadOnlyDictionary<string, string> TrainingSettings => Training.Settings;

    /// <summary>The SHA-256 of its tensors that is written down in it.</summary>
    public string? ModelHash => Training.ModelHash;

    /// <summary>The short hash of A1111 that is written down in it.</summary>
    public string? LegacyHash => Training.LegacyHash;

    /// <summary>Whether it is the result of resizing.</summary>
    public required bool IsResized { get; init; }

    /// <summary>The recipe that it was resized by; null where it was not, or not by this module.</summary>
    public string? ResizeRecipe => Origin.Recipe;

    /// <summary>Where that recipe cut.</summary>
    public double? ResizeThreshold => Origin.Threshold;

    /// <summary>The requested number format.</summary>
    public string? ResizePrecision => Origin.Precision;

    /// <summary>The name of the file that it was made from.</summary>
    public string? ResizedFrom => Origin.Source;

    /// <summary>The layers that can't be resized, and why.</summary>
    public required IReadOnlyList<LoraProblem> Problems { get; init; }

    /// <summary>Tensors that belong to no layer, such as biases, norms and embeddings.</summary>
    public required int OtherTensorCount { get; init; }

    /// <summary>All metadata of the file.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    internal TrainingMetadata Training { get; }

    internal ResizeOrigin Origin { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>The layers of one component that do the same.</summary>
/// <param name="Component">The part of the model.</param>
/// <param name="Kind">What they do, such as attention q or feed-forward.</param>
/// <param name="Count">How many there are.</param>
/// <param name="MinimumRank">The lowest rank.</param>
/// <param name="MaximumRank">The highest rank.</param>
public sealed record LoraLayerGroup(AdapterComponent Component, string Kind, int Count, int MinimumRank, int MaximumRank)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Component} {Kind}: {Count}, rank {(MinimumRank == MaximumRank ? $"{MinimumRank}" : $"{MinimumRank} to {MaximumRank}")}";
}

/// <summary>Layers that can't be resized.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Example">One of them.</param>
public sealed record LoraProblem(string Reason, int Count, string Example)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Reason} ({Count}, such as '{DisplayText.Of(Example)}')";
}
