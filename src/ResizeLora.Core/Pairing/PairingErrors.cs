using ResizeLora.Adapters;
using ResizeLora.Checkpoints;

namespace ResizeLora.Pairing;

/// <summary>Every error of pairing layers, worded in one place.</summary>
internal static class PairingErrors
{
    private const int MostNamed = 3;

    /// <summary>Why a layer is not paired, to follow its name.</summary>
    public static string SeveralLayers(IReadOnlyList<BaseLayer> candidates)
    {
        string[] names = [.. candidates.Select(candidate => $"'{DisplayText.Of(candidate.Name)}'").Distinct(StringComparer.Ordinal)];
        return names is [string only]
            ? $"could mean {only} in {candidates.Count} parts of the checkpoint; name the one you mean with -Checkpoint"
            : $"could mean {string.Join(" or ", names.Take(MostNamed))}{(names.Length > MostNamed ? " or …" : string.Empty)}";
    }

    /// <summary>Why a layer is not paired, to follow its name.</summary>
    public static string OtherSize(AdapterLayer layer, BaseLayer baseLayer) =>
        $"the sizes differ: {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' is {baseLayer.Size.Rows} x {baseLayer.Size.Columns}";

    public static ResizeLoraException ShapeMismatch(string path, AdapterLayer layer, BaseCheckpointIndex model, BaseLayer baseLayer, int different, int common) => model.IsAdapter
        ? DifferentModels(path, model.Path, $"layer '{DisplayText.Of(layer.Name)}' changes a matrix of {layer.Rows} x {layer.Columns} in the first, and of {baseLayer.Size.Rows} x {baseLayer.Size.Columns} in the second; {different} of {common} layers differ in size")
        : new("ShapeMismatch", FaultKind.InvalidData, layer.Name, $"Layer '{DisplayText.Of(layer.Name)}' of '{path}' changes a matrix of {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' of the checkpoint '{model.Path}' is {baseLayer.Size.Rows} x {baseLayer.Size.Columns} (stored as {baseLayer.ShapeText}); {different} of {common} layers differ in size. Is this the right checkpoint for this LoRA?");

    public static ResizeLoraException NoOrder(string path, string layer, int count, BaseCheckpointIndex model, IReadOnlyList<LayerOrder> orders) => model.IsAdapter
        ? DifferentModels(path, model.Path, $"the first names {count} layers by their position, such as '{DisplayText.Of(layer)}', and in no known order do their sizes match those of the second")
        : new("ShapeMismatch", FaultKind.InvalidData, layer, $"'{path}' names {count} layers by their position, such as '{DisplayText.Of(layer)}', but in no known order do their sizes match the checkpoint '{model.Path}': {string.Join("; ", orders.Select(order => order.Name))}. Is this the right checkpoint for this LoRA?");

    public static ResizeLoraException SeveralOrders(string path, string layer, BaseCheckpointIndex model, IReadOnlyList<(LayerOrder Order, BaseLayer BaseLayer)> meanings) =>
        new("AmbiguousOrder", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' is named by its position, and the sizes of the file's layers do not show in which order they are counted: in {(model.IsAdapter ? string.Empty : "the checkpoint ")}'{model.Path}' it is {string.Join(" or ", meanings.Select(meaning => $"'{DisplayText.Of(meaning.BaseLayer.Name)}' ({meaning.Order.Name})"))}. Use the complete file if layers were removed from it, or convert it to a format that names its layers{(model.IsAdapter ? string.Empty : "; a recipe without spn_ckpt, fro_ckpt and subspace needs no checkpoint")}.");

    /// <summary>Two adapters that can't be compared.</summary>
    public static ResizeLoraException DifferentModels(string path, string reference, string reason) =>
        new("DifferentModels", FaultKind.InvalidData, path, $"'{path}' and '{reference}' are not for the same model: {reason}. Compare LoRAs that were trained on the same base model.");
}
