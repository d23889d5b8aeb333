using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Every error of finding layers and pairing them, worded in one place.</summary>
internal static class PairingFault
{
    private const int MostNamed = 3;

    public static ResizeLoraException LayerTwice(string path, string layer, IEnumerable<string> names) =>
        new("LayerTwice", FaultKind.InvalidData, layer, $"'{path}' holds the layer '{DisplayText.Of(layer)}' twice, in two styles of naming or as two adapters: {string.Join(", ", names.Take(2).Select(name => $"'{DisplayText.Of(name)}'"))}. Remove one of them.");

    /// <summary>Why a layer is not paired, to follow its name.</summary>
    public static string SeveralLayers(IReadOnlyList<BaseLayer> candidates)
    {
        string[] names = [.. candidates.Select(candidate => $"'{DisplayText.Of(candidate.Name)}'").Distinct(StringComparer.Ordinal)];
        return names is [string only]
            ? $"may stand for {only} in {candidates.Count} parts of the checkpoint; name the part that is meant"
            : $"may stand for {string.Join(" or ", names.Take(MostNamed))}{(names.Length > MostNamed ? " or …" : string.Empty)}";
    }

    /// <summary>Why a layer is not paired, to follow its name.</summary>
    public static string OtherSize(AdapterLayer layer, BaseLayer baseLayer) =>
        $"the sizes disagree: {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' is {baseLayer.Size.Rows} x {baseLayer.Size.Columns}";

    public static ResizeLoraException ShapeMismatch(string path, AdapterLayer layer, string checkpoint, BaseLayer baseLayer, int different, int common) =>
        new("ShapeMismatch", FaultKind.InvalidData, layer.Name, $"Layer '{DisplayText.Of(layer.Name)}' of '{path}' changes a matrix of {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' of the checkpoint '{checkpoint}' is {baseLayer.Size.Rows} x {baseLayer.Size.Columns} (stored as {baseLayer.ShapeText}); {different} of {common} layers differ in size. Is this the right checkpoint for this LoRA?");

    public static ResizeLoraException NoOrder(string path, string layer, int count, string checkpoint, IReadOnlyList<LayerOrder> orders) =>
        new("ShapeMismatch", FaultKind.InvalidData, layer, $"'{path}' names {count} layers by their position, such as '{DisplayText.Of(layer)}', and in none of the known orders do their sizes agree with those of the checkpoint '{checkpoint}': {string.Join("; ", orders.Select(order => order.Name))}. Is this the right checkpoint for this LoRA?");

    public static ResizeLoraException SeveralOrders(string path, string layer, string checkpoint, IReadOnlyList<(LayerOrder Order, BaseLayer BaseLayer)> meanings) =>
        new("AmbiguousOrder", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' is named by its position, and the sizes of the file's layers do not tell in which order they are counted: for the checkpoint '{checkpoint}' it is {string.Join(" or ", meanings.Select(meaning => $"'{DisplayText.Of(meaning.BaseLayer.Name)}' ({meaning.Order.Name})"))}. Use the whole file if layers were taken out of it, or convert it to a format that names its layers; a recipe without spn_ckpt, fro_ckpt and subspace needs no checkpoint.");

    /// <summary>Tensors that may be factors of layers which nobody has told of; empty if there are none.</summary>
    public static string UnknownPairs(IEnumerable<TensorInfo> others) =>
        Pairing.UnknownPairs.Find(others) is [(TensorInfo up, TensorInfo down), ..] unknown
            ? $"{Quantity.Of(unknown.Count, "pair")} of tensors could be the factors of a layer, but with unknown names, such as '{DisplayText.Of(up.Name)}' and '{DisplayText.Of(down.Name)}'"
            : string.Empty;

    public static ResizeLoraException NoCheckpointInFolder(string folder) =>
        new("NoCheckpointInFolder", FaultKind.NotFound, folder, $"The folder '{folder}' holds no checkpoint: neither safetensors or GGUF files nor the subfolders of a diffusers model ({string.Join(", ", ModelFamily.Subfolders.Select(name => name.TrimEnd('/')))}) with some in them.");

    public static ResizeLoraException SeveralCheckpoints(string folder, IReadOnlyList<string> files) =>
        new("SeveralCheckpoints", FaultKind.InvalidArgument, folder, $"The folder '{folder}' holds {files.Count} models, such as '{Path.GetFileName(files[0])}' and '{Path.GetFileName(files[1])}'. Name the file that is meant.");

    public static ResizeLoraException InvalidShardIndex(string index, string reason, Exception? inner = null) =>
        new("InvalidShardIndex", FaultKind.InvalidData, index, $"'{index}' does not tell which files the model is in: {reason}. Download it again.", inner);

    public static ResizeLoraException ShardMissing(string index, string shard) =>
        new("ShardMissing", FaultKind.NotFound, shard, $"'{shard}' does not exist, but '{index}' names it as a part of the model. Download it too.");

    public static ResizeLoraException PartsMissing(string path, IReadOnlyList<string> missing) =>
        new("ShardMissing", FaultKind.NotFound, missing[0], $"'{path}' is one part of a model, and {Quantity.Of(missing.Count, "part")} of it {(missing.Count == 1 ? "is" : "are")} not beside it: {string.Join(", ", missing.Take(MostNamed).Select(part => $"'{Path.GetFileName(part)}'"))}{(missing.Count > MostNamed ? ", …" : string.Empty)}. Download the rest too.");

    public static ResizeLoraException PartAlone(string path, int count) =>
        new("ShardMissing", FaultKind.NotFound, path, $"'{path}' is one of the {count} parts of a model, but its name does not tell what the others are called. Give the parts the names that they were downloaded with, such as 'model-00001-of-{count:D5}.gguf'.");

    public static ResizeLoraException SameCheckpointTwice(string path) =>
        new("SameCheckpointTwice", FaultKind.InvalidArgument, path, $"'{path}' is named twice as a checkpoint. Name each file once.");

    public static ResizeLoraException CheckpointIsLora(string path) =>
        new("CheckpointIsLora", FaultKind.InvalidData, path, $"'{path}' is a LoRA, not a checkpoint. Use -Checkpoint to name the base model that the LoRA was trained on.");
}
