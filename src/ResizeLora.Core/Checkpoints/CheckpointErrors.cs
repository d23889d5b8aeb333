using ResizeLora.Checkpoints.Families;

namespace ResizeLora.Checkpoints;

/// <summary>Every error about checkpoints, worded in one place.</summary>
internal static class CheckpointErrors
{
    private const string Remedy = "Use the checkpoint in F16, BF16 or F8, or as a GGUF file of Q2_K to Q8_0.";

    public static ResizeLoraException NotGguf(string path, string reason, Exception inner) =>
        new("InvalidGguf", FaultKind.InvalidData, path, $"'{path}' is not a valid GGUF file: {reason}. Download it again, or use the safetensors version.", inner);

    public static ResizeLoraException Quantised(string path, string tensor, string problem) =>
        new("UnsupportedQuantization", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(tensor)}' of the checkpoint '{path}' {problem}, which can't be read. {Remedy}");

    public static ResizeLoraException Unreadable(string path, StoredWeight weight) => weight is UnreadableWeight { IsDamaged: true }
        ? new("UnusableScale", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(weight.Info.Name)}' of the checkpoint '{path}' {weight.Problem}. {Remedy}")
        : Quantised(path, weight.Info.Name, weight.Problem!);

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
        new("CheckpointIsLora", FaultKind.InvalidData, path, $"'{path}' is a LoRA, not a checkpoint. Use -Checkpoint to name the base model that the LoRA was trained on.");
}
