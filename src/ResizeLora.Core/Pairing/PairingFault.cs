namespace ResizeLora.Pairing;

/// <summary>Every error of finding layers and pairing them, worded in one place.</summary>
internal static class PairingFault
{
    public static ResizeLoraException LayerTwice(string path, string layer) =>
        new("LayerTwice", FaultKind.InvalidData, layer, $"'{path}' holds the layer '{DisplayText.Of(layer)}' twice, in two styles of naming. Remove one of them.");

    public static ResizeLoraException AmbiguousLayer(string path, string layer, string checkpoint, IReadOnlyList<BaseLayer> candidates) =>
        new("AmbiguousLayer", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' may stand for {string.Join(" or ", candidates.Take(3).Select(candidate => $"'{DisplayText.Of(candidate.Name)}'"))}{(candidates.Count > 3 ? " or …" : string.Empty)} of the checkpoint '{checkpoint}'. Is it a checkpoint of the usual form?");

    public static ResizeLoraException ShapeMismatch(string path, AdapterLayer layer, string checkpoint, BaseLayer baseLayer, long rows, long columns) =>
        new("ShapeMismatch", FaultKind.InvalidData, layer.Name, $"Layer '{DisplayText.Of(layer.Name)}' of '{path}' changes a matrix of {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' of the checkpoint '{checkpoint}' is {rows} x {columns} (stored as {baseLayer.Tensor.ShapeText}). Is this the right checkpoint for this LoRA?");
}
