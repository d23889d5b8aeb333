namespace ResizeLora;

/// <summary>One resized LoRA that was written, or would have been.</summary>
public sealed record ResizeResult
{
    internal ResizeResult()
    {
    }

    /// <summary>The name of the file, or of the folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The file that was written, or the folder of a PEFT adapter.</summary>
    public required string Path { get; init; }

    /// <summary>The LoRA that it was made from: a file, or the folder of a PEFT adapter.</summary>
    public required string SourcePath { get; init; }

    /// <summary>The recipe that it was made by.</summary>
    public required ResizeRecipe Recipe { get; init; }

    /// <summary>The checkpoint that it was compared with, as it was named; empty where the output does not depend on one.</summary>
    public required IReadOnlyList<string> Checkpoint { get; init => field = ReadablePaths.Of(value); }

    /// <summary>The requested number format.</summary>
    public required ResizePrecision Precision { get; init; }

    /// <summary>The least score (log₁₀) that the recipe kept, before options of ranks had their say; −∞ where everything fitted, NaN where the recipe has no scores.</summary>
    public required double Threshold { get; init; }

    /// <summary>Number of LoRA layers before.</summary>
    public required int SourceLayerCount { get; init; }

    /// <summary>Number of LoRA layers that are left.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Sum of the ranks of all layers before.</summary>
    public required int SourceRank { get; init; }

    /// <summary>Sum of the ranks of all layers that are left.</summary>
    public required int Rank { get; init; }

    /// <summary>Bytes of the LoRA's safetensors file before.</summary>
    public required long SourceSize { get; init; }

    /// <summary>Bytes of the safetensors file.</summary>
    public required long Size { get; init; }

    /// <summary>‖ΔW − ΔW′‖ / ‖ΔW‖ in the Frobenius norm over all resized layers, rescaling aside.</summary>
    public required double RelativeError { get; init; }

    /// <summary>How long it took from the beginning of the work on the LoRA, which several recipes share.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether the file is there; false for what -WhatIf only planned.</summary>
    public required bool IsWritten { get; init; }

    /// <summary>How much smaller the file is, in percent.</summary>
    public double SavedPercent => 100.0 * (SourceSize - Size) / SourceSize;

    /// <inheritdoc/>
    public override string ToString() => Path;
}
