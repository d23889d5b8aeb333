namespace ResizeLora.Benchmarks.Children;

/// <summary>A run in a process of its own.</summary>
/// <param name="IsBaseline">Whether the original's algorithm does it.</param>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Cache">Where its norms are.</param>
/// <param name="Loras">What to resize.</param>
/// <param name="Threshold">The least score by the checkpoint's spectral norms.</param>
/// <param name="Outputs">Where to.</param>
internal sealed record ChildTask(bool IsBaseline, string Checkpoint, string Cache, IReadOnlyList<string> Loras, double Threshold, string Outputs)
{
    /// <summary>What the LoRA is compared with, instead of being resized.</summary>
    public string? ComparedWith { get; init; }
}
