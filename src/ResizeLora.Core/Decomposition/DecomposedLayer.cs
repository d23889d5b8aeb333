using ResizeLora.Common;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Recipes;

namespace ResizeLora;

/// <summary>
/// One LoRA layer, decomposed. Plain data that can be kept, filtered, sorted, exported and resized again and again:
/// it keeps no file open and no native memory. It is immutable.
/// </summary>
public sealed record DecomposedLayer
{
    /// <summary>The spectral norm of up · down up to which sd-scripts' resize_lora.py takes a layer for zero (MIN_SV).</summary>
    private const double NegligibleNorm = 1e-6;

    internal DecomposedLayer(LayerSource source, string path, double alpha, IReadOnlyList<double> singularValues)
    {
        Source = source;
        Path = path;
        Alpha = alpha;
        SingularValues = new ReadableList<double>(singularValues, ' ');
        FrobeniusNorm = EuclideanNorm.Of(singularValues);
        EffectiveRank = EffectiveRankOf(singularValues);
    }

    /// <summary>The layer's name, as the file has it.</summary>
    public string Name => Source.Layer.Name;

    /// <summary>The part of the model that the layer belongs to, by its name or, if that does not say, by its base layer.</summary>
    public AdapterComponent Component => Source.Pair.Component;

    /// <summary>The layer of the base checkpoint that it modifies, or null where none was looked for or found.</summary>
    public string? BaseLayer => Source.BaseLayer?.Name;

    /// <summary>The rank as stored, r.</summary>
    public int Rank => (int)Source.Layer.Rank;

    /// <summary>Rows of ΔW: output features.</summary>
    public int Rows => (int)Source.Layer.Rows;

    /// <summary>Columns of ΔW: input features times kernel size.</summary>
    public int Columns => (int)Source.Layer.Columns;

    /// <summary>The layer's alpha, from a tensor or from PEFT's configuration; the rank if there is none.</summary>
    public double Alpha { get; }

    /// <summary>The singular values of ΔW = (alpha / rank) · up · down, descending; min(rank, rows, columns) of them.</summary>
    public IReadOnlyList<double> SingularValues { get; }

    /// <summary>The largest singular value of ΔW.</summary>
    public double SpectralNorm => SingularValues.Count == 0 ? 0 : SingularValues[0];

    /// <summary>The root of the sum of the squares of ΔW.</summary>
    public double FrobeniusNorm { get; }

    /// <summary>The largest singular value of the base layer, or null without a base layer.</summary>
    public double? BaseSpectralNorm { get; internal init; }

    /// <summary>The root of the sum of the squares of the base layer, or null without a base layer.</summary>
    public double? BaseFrobeniusNorm { get; internal init; }

    /// <summary>The largest singular value of ΔW over that of the base layer, or null without a base layer.</summary>
    public double? RelativeSpectralNorm => BaseSpectralNorm is { } norm and > 0 ? SpectralNorm / norm : null;

    /// <summary>exp of the entropy of σ / Σσ: how many singular values matter. Source: Roy and Vetterli, EUSIPCO 2007.</summary>
    public double EffectiveRank { get; }

    /// <summary>The recipes attached to this layer, in the order in which they were attached.</summary>
    public IReadOnlyList<ResizeRecipe> Recipes { get; internal init => field = new ReadableList<ResizeRecipe>(value, ':'); } = new ReadableList<ResizeRecipe>([], ':');

    /// <summary>The file, or the folder of a PEFT adapter, that the layer is from.</summary>
    public string Path { get; }

    /// <summary>A digest of its tensors, which shows whether the layer in the file has changed since it was decomposed.</summary>
    public string Digest => Source.Digest;

    /// <summary>The checkpoint that the layer was compared with, as it was named; empty where there was none.</summary>
    public IReadOnlyList<string> Checkpoint => ReadablePaths.Of(Source.Checkpoint?.Paths ?? []);

    internal LayerSource Source { get; init; }

    /// <summary>|⟨uᵢ, W vᵢ⟩| for each singular value, if a recipe needs it.</summary>
    internal IReadOnlyList<double>? SubspaceNorms { get; init; }

    /// <summary>Spares decomposing the layer again; only while a file is being resized, and as far as memory allows.</summary>
    internal SingularBasis? Basis { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The numbers of the layer that a recipe uses.</summary>
    /// <param name="rescale">The factor by which the recipe multiplies ΔW.</param>
    internal LayerSpectrum Spectrum(double rescale) => new()
    {
        IsNegligible = SpectralNorm * Rank <= NegligibleNorm * Math.Abs(Alpha),
        IsConvolution = Source.Layer.Shape.InputShape.Count > 1,
        SingularValues = [.. SingularValues.Select(value => value * rescale)],
        SpectralNorm = SpectralNorm * rescale,
        FrobeniusNorm = FrobeniusNorm * rescale,
        ParametersPerRank = (double)Rows + Columns,
        BaseSpectralNorm = BaseSpectralNorm,
        BaseFrobeniusNorm = BaseFrobeniusNorm,
        SubspaceNorms = SubspaceNorms,
    };

    /// <summary>The Frobenius norm of what is lost when only some singular values are kept.</summary>
    internal double NormWithout(IReadOnlyList<int> kept)
    {
        double[] dropped = [.. SingularValues];
        foreach (int index in kept)
            dropped[index] = 0;
        return EuclideanNorm.Of(dropped);
    }

    private static double EffectiveRankOf(IReadOnlyList<double> singularValues)
    {
        double sum = singularValues.Sum();
        if (sum == 0)
            return 0;

        double entropy = singularValues
            .Where(value => value > 0)
            .Sum(value => -(value / sum) * Math.Log(value / sum));
        return Math.Exp(entropy);
    }
}
