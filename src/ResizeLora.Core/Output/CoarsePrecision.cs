using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>What a coarse format asks of an output: alpha tensors that hold the scale of each layer, and programs that read the format.</summary>
internal static class CoarsePrecision
{
    /// <summary>Who reads LoRA tensors in 8 bits, by their source code.</summary>
    private const string Readers = "ComfyUI, Forge, A1111, stable-diffusion.cpp, nunchaku (Flux), sd-scripts and TensorRT-LLM";

    /// <summary>The styles of files that diffusers and PEFT load.</summary>
    private static readonly string[] StylesOfDiffusers = ["diffusers", "PEFT"];

    /// <summary>Refuses an input whose output could not hold the scales.</summary>
    /// <param name="source">The input.</param>
    /// <param name="layers">The layers that get new factors.</param>
    /// <param name="record">How the output is made.</param>
    /// <exception cref="ResizeLoraException">There is no place for a layer's alpha, or alpha must be the rank.</exception>
    public static void EnsureAlpha(AdapterSource source, IEnumerable<AdapterLayer> layers, OutputRecord record)
    {
        foreach (AdapterLayer layer in layers.Where(layer => IsCoarse(layer, record)))
        {
            if (layer.AlphaName is null)
                throw OutputErrors.AlphaNeeded(source.Path, layer.Name, record.Precision, layer.Configured is null ? "but the loaders of such files know no alpha tensors" : $"but that of this file is in {layer.Configured.Place}, and who reads it there ignores alpha tensors");
            if (record.RankLimits.Rank is not null)
                throw OutputErrors.AlphaNeeded(source.Path, layer.Name, record.Precision, $"but -Rank {record.RankLimits.Rank} makes alpha the rank");
        }
    }

    /// <summary>A warning about an output that the usual loader of files like its input does not read; null if there is no need for one.</summary>
    public static string? Warning(AdapterSource source, IEnumerable<AdapterLayer> layers, OutputRecord record) =>
        layers.Any(layer => IsCoarse(layer, record) && StylesOfDiffusers.Contains(AdapterNames.StyleOf(layer.Name)))
            ? $"'{source.Path}' has the layer names of diffusers, which does not read LoRA tensors in 8 bits. {Readers} read them. For diffusers and PEFT, use -Precision Float16."
            : null;

    private static bool IsCoarse(AdapterLayer layer, OutputRecord record) => record.Precision.DType(layer.DType).Format().IsCoarse;
}
