using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>The layers of a single-file checkpoint that adapters can modify, each with every name it is known by.</summary>
internal static class BaseLayers
{
    private const string WeightSuffix = ".weight";
    private const string ClipEncoder = "text_model.encoder.";

    private static readonly Part[] Parts =
    [
        new("model.diffusion_model.", AdapterComponent.Unet, UnetLayers),
        new("conditioner.embedders.0.transformer.", AdapterComponent.TextEncoder1, ClipLayers),
        new("conditioner.embedders.1.model.", AdapterComponent.TextEncoder2, OpenClipLayers),
    ];

    public static IEnumerable<(LayerKey Key, BaseLayer Layer)> Of(SafetensorsHeader header)
    {
        List<TensorInfo> matrices = [.. header.Tensors.Where(IsMatrix)];
        return Parts.SelectMany(part => part
            .Layers([.. matrices
                .Where(tensor => tensor.Name.StartsWith(part.Prefix, StringComparison.Ordinal))
                .Select(tensor => (tensor.Name[part.Prefix.Length..], tensor))])
            .Select(layer => (LayerKey.Of(part.Component, layer.Path), layer.Layer)));
    }

    /// <summary>Linear layers and convolutions; norms and biases have one dimension.</summary>
    private static bool IsMatrix(TensorInfo tensor) => tensor.Shape.Count is 2 or 4 && tensor.ElementCount > 0;

    private static IEnumerable<(string Path, BaseLayer Layer)> UnetLayers(List<(string Name, TensorInfo Tensor)> tensors)
    {
        List<(string Path, BaseLayer Layer)> layers = [.. Weights(tensors)];
        var naming = new UnetNaming(layers.Select(layer => layer.Path));
        foreach ((string path, BaseLayer layer) in layers)
        {
            yield return (path, layer);
            if (naming.DiffusersName(path) is { } diffusersName)
                yield return (diffusersName, layer);
        }
    }

    /// <summary>Those of the encoder only: embeddings are no linear layers.</summary>
    private static IEnumerable<(string Path, BaseLayer Layer)> ClipLayers(List<(string Name, TensorInfo Tensor)> tensors) =>
        Weights(tensors).Where(layer => layer.Path.StartsWith(ClipEncoder, StringComparison.Ordinal));

    private static IEnumerable<(string Path, BaseLayer Layer)> OpenClipLayers(List<(string Name, TensorInfo Tensor)> tensors) =>
        tensors.SelectMany(tensor => OpenClipNaming.Layers(tensor.Name, tensor.Tensor));

    private static IEnumerable<(string Path, BaseLayer Layer)> Weights(List<(string Name, TensorInfo Tensor)> tensors) =>
        tensors
            .Where(tensor => tensor.Name.EndsWith(WeightSuffix, StringComparison.Ordinal))
            .Select(tensor => (
                tensor.Name[..^WeightSuffix.Length],
                new BaseLayer(tensor.Tensor, null, 0, tensor.Tensor.Shape[0], Transposed: false)));

    /// <summary>A part of the model: where its tensors are in the checkpoint, and how they are named.</summary>
    private sealed record Part(
        string Prefix,
        AdapterComponent Component,
        Func<List<(string Name, TensorInfo Tensor)>, IEnumerable<(string Path, BaseLayer Layer)>> Layers);
}
