using ResizeLora.Adapters.Peft;
using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>A file's layers with the settings of PEFT's configuration, which is next to the file or in its header.</summary>
internal sealed class ConfiguredLayers(SafetensorsHeader header, string path, PeftConfiguration? file)
{
    /// <summary>How far two ways to say the same may be apart.</summary>
    private const double Tolerance = 1e-6;

    private readonly PeftConfiguration _header = PeftConfiguration.OfHeader(header, path);

    /// <summary>The contents as they are with the configuration.</summary>
    /// <exception cref="ResizeLoraException">Configuration and file, or two configurations, contradict each other.</exception>
    public AdapterContents Apply(AdapterContents contents)
    {
        contents = contents with { Layers = [.. contents.Layers.Select(Configured)] };
        HashSet<string> shared = new(
            contents.Layers.Where(layer => layer.Configured is not null).Select(layer => layer.Name).Where(PeftSettings.IsInner).Select(PeftSettings.OuterModuleOf),
            StringComparer.Ordinal);
        return contents.Refuse(layer =>
            !IsOfType(layer) ? $"{layer.Type.Name} in a PEFT adapter of type {file!.Type}"
            : layer.Configured is null ? null
            : shared.Contains(PeftSettings.OuterModuleOf(layer.Name)) ? "layers in one module, which PEFT gives a single rank"
            : BiasOf(layer) is not null && layer.Configured.Scale != 1 ? "a bias of lora_B, which is scaled like ΔW"
            : null);
    }

    private AdapterLayer Configured(AdapterLayer layer)
    {
        PeftSettings? ofHeader = layer.Type is LoraType && layer.Alpha is null ? _header.For(layer.Name) : null;
        if (!IsOfType(layer) || (file?.For(layer.Name) ?? ofHeader) is not { } settings)
            return layer;

        ConfiguredAlpha alpha = settings.Of(layer.Name, layer.Shape.AlphaRank, path);
        if (file is not null && ofHeader?.Of(layer.Name, layer.Shape.AlphaRank, path) is { } other && Math.Abs(other.Scale - alpha.Scale) > Tolerance * Math.Abs(alpha.Scale))
            throw PeftErrors.ScaleDiffers(path, layer.Name, alpha.Place, alpha.Scale, other.Place, other.Scale);

        if (settings.UsesDora is { } usesDora && usesDora != layer.Magnitude is not null)
            throw PeftErrors.DoraDiffers(path, layer.Name, settings.Place, usesDora);

        return layer with
        {
            Configured = alpha,
            IsBaseTransposed = settings.IsBaseTransposed,

            // Loaders that read alpha from a configuration ignore alpha tensors.
            Written = layer.Written with { Alpha = null },
            MustStay = layer.MustStay || BiasOf(layer) is not null,
        };
    }

    private bool IsOfType(AdapterLayer layer) => file is null || string.Equals(layer.Type.Name, file.Type, StringComparison.OrdinalIgnoreCase);

    /// <summary>The bias of B (PEFT's lora_bias).</summary>
    private TensorInfo? BiasOf(AdapterLayer layer) =>
        layer.Written.Up.EndsWith(".weight", StringComparison.Ordinal) ? header.Find(string.Concat(layer.Written.Up.AsSpan(0, layer.Written.Up.Length - "weight".Length), "bias")) : null;
}
