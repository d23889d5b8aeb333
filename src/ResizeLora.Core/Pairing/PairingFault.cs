namespace ResizeLora.Pairing;

/// <summary>Every error of finding layers and pairing them, worded in one place.</summary>
internal static class PairingFault
{
    public static ResizeLoraException LayerTwice(string path, string layer) =>
        new("LayerTwice", FaultKind.InvalidData, layer, $"'{path}' holds the layer '{DisplayText.Of(layer)}' twice, in two styles of naming. Remove one of them.");

    public static ResizeLoraException AmbiguousLayer(string path, string layer, string checkpoint, IReadOnlyList<BaseLayer> candidates) =>
        new("AmbiguousLayer", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' may stand for {string.Join(" or ", candidates.Take(3).Select(candidate => $"'{DisplayText.Of(candidate.Name)}'"))}{(candidates.Count > 3 ? " or …" : string.Empty)} of the checkpoint '{checkpoint}'. Is it a checkpoint of the usual form?");

    public static ResizeLoraException ShapeMismatch(string path, AdapterLayer layer, string checkpoint, BaseLayer baseLayer, long rows, long columns) =>
        new("ShapeMismatch", FaultKind.InvalidData, layer.Name, $"Layer '{DisplayText.Of(layer.Name)}' of '{path}' changes a matrix of {layer.Rows} x {layer.Columns}, but '{DisplayText.Of(baseLayer.Name)}' of the checkpoint '{checkpoint}' is {rows} x {columns} (stored as {baseLayer.ShapeText}). Is this the right checkpoint for this LoRA?");

    public static ResizeLoraException NoCheckpointInFolder(string folder) =>
        new("NoCheckpointInFolder", FaultKind.NotFound, folder, $"The folder '{folder}' holds no checkpoint: neither safetensors or GGUF files nor the subfolders of a diffusers model ({string.Join(", ", ModelFamily.Subfolders.Select(name => name.TrimEnd('/')))}) with some in them.");

    public static ResizeLoraException SeveralCheckpoints(string folder, IReadOnlyList<string> files) =>
        new("SeveralCheckpoints", FaultKind.InvalidArgument, folder, $"The folder '{folder}' holds {files.Count} models, such as '{Path.GetFileName(files[0])}' and '{Path.GetFileName(files[1])}'. Name the file that is meant.");

    public static ResizeLoraException InvalidShardIndex(string index, string reason, Exception? inner = null) =>
        new("InvalidShardIndex", FaultKind.InvalidData, index, $"'{index}' does not tell which files the model is in: {reason}. Download it again.", inner);

    public static ResizeLoraException ShardMissing(string index, string shard) =>
        new("ShardMissing", FaultKind.NotFound, shard, $"'{shard}' does not exist, but '{index}' names it as a part of the model. Download it too.");

    public static ResizeLoraException SameCheckpointTwice(string path) =>
        new("SameCheckpointTwice", FaultKind.InvalidArgument, path, $"'{path}' is named twice as a checkpoint. Name each file once.");

    public static ResizeLoraException CheckpointIsLora(string path) =>
        new("CheckpointIsLora", FaultKind.InvalidData, path, $"'{path}' is a LoRA, not a checkpoint. Name with -Checkpoint the base model that the LoRA was trained on.");
}
