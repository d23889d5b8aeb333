using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>Every error about the contents of an adapter file, worded in one place.</summary>
internal static class AdapterErrors
{
    public static ResizeLoraException LayerTwice(string path, string layer, IEnumerable<string> names) =>
        new("LayerTwice", FaultKind.InvalidData, layer, $"'{path}' contains the layer '{DisplayText.Of(layer)}' twice, in two styles of naming or as two adapters: {string.Join(", ", names.Take(2).Select(name => $"'{DisplayText.Of(name)}'"))}. Remove one of them.");

    /// <summary>Describes tensors that may be factors of layers in an unknown naming style; empty if there are none.</summary>
    public static string UnknownPairs(IEnumerable<TensorInfo> others) =>
        Names.UnknownPairs.Find(others) is [(TensorInfo up, TensorInfo down), ..] unknown
            ? $"{Quantity.Of(unknown.Count, "pair")} of tensors could be the factors of a layer, but their names are unknown, such as '{DisplayText.Of(up.Name)}' and '{DisplayText.Of(down.Name)}'"
            : string.Empty;
}
