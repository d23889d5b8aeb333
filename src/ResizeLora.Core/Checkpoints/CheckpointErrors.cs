using ResizeLora.Checkpoints.Families;

namespace ResizeLora.Checkpoints;

/// <summary>Every error about checkpoints, worded in one place.</summary>
internal static class CheckpointErrors
{
    private const int MostNamed = 3;
    private const string Remedy = "Use the checkpoint in F16, BF16 or F8, or as a GGUF file of Q2_K to Q8_0.";

    public static ResizeLoraException NotGguf(string path, string reason, Exception inner) =>
        new("InvalidGguf", FaultKind.InvalidData, path, $"'{path}' is not a valid GGUF file: {reason}. Download it again, or use the safetensors version.", inner);

    public static ResizeLoraException OtherGguf(string path, string reason, Exception inner) =>
        new("UnsupportedGguf", FaultKind.InvalidData, path, $"'{path}' is a GGUF file that can't be read: {reason}. Use a newer download of the model, or its safetensors version.", inner);

    public static ResizeLoraException Quantised(string path, string tensor, string problem) =>
        new("UnsupportedQuantization", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(tensor)}' of the checkpoint '{path}' {problem}, which can't be read. {Remedy}");

    /// <summary>Why a weight can't be compared with, to follow the name of a layer.</summary>
    public static string Why(StoredWeight weight) => $"'{DisplayText.Of(weight.Info.Name)}' {weight.Problem}{(weight is UnreadableWeight { IsDamaged: true } ? string.Empty : ", which can't be read")}";

    public static ResizeLoraException Unreadable(string path, StoredWeight weight) => weight is UnreadableWeight { IsDamaged: true }
        ? new("UnusableScale", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(weight.Info.Name)}' of the checkpoint '{path}' {weight.Problem}. {Remedy}")
        : Quantised(path, weight.Info.Name, weight.Problem!);

    public static ResizeLoraException NoCheckpointInFolder(string folder) =>
        new("NoCheckpointInFolder", FaultKind.NotFound, folder, $"The folder '{folder}' contains no checkpoint: no safetensors or GGUF files, and no subfolders of a diffusers model ({string.Join(", ", ModelFamily.Subfolders.Select(name => name.TrimEnd('/')))}) with such files in them.");

    public static ResizeLoraException SeveralCheckpoints(string folder, IReadOnlyList<string> files) =>
        new("SeveralCheckpoints", FaultKind.InvalidArgument, folder, $"The folder '{folder}' contains {files.Count} models, such as '{Path.GetFileName(files[0])}' and '{Path.GetFileName(files[1])}'. Name the file you mean.");

    public static ResizeLoraException InvalidShardIndex(string index, string reason, Exception? inner = null) =>
        new("InvalidShardIndex", FaultKind.InvalidData, index, $"'{index}' does not say which files contain the model: {reason}. Download it again.", inner);

    public static ResizeLoraException ShardMissing(string index, string shard) =>
        new("ShardMissing", FaultKind.NotFound, shard, $"'{shard}' does not exist, but '{index}' names it as a part of the model. Download it too.");

    public static ResizeLoraException PartsMissing(string path, IReadOnlyList<string> missing) =>
        new("ShardMissing", FaultKind.NotFound, missing[0], $"'{path}' is one part of a model, and {Quantity.Of(missing.Count, "part")} of it {(missing.Count == 1 ? "is" : "are")} missing from its folder: {string.Join(", ", missing.Take(MostNamed).Select(part => $"'{Path.GetFileName(part)}'"))}{(missing.Count > MostNamed ? ", …" : string.Empty)}. Download the rest too.");

    public static ResizeLoraException PartAlone(string path, int count) =>
        new("ShardMissing", FaultKind.NotFound, path, $"'{path}' is one of the {count} parts of a model, but its name does not show what the others are called. Give the parts their original names, such as 'model-00001-of-{count:D5}.gguf'.");

    public static ResizeLoraException SameCheckpointTwice(string path) =>
        new("SameCheckpointTwice", FaultKind.InvalidArgument, path, $"'{path}' is named twice as a checkpoint. Name each file once.");

    public static ResizeLoraException CheckpointIsLora(string path) =>
        new("CheckpointIsLora", FaultKind.InvalidData, path, $"'{path}' is a LoRA, not a checkpoint. Use -Checkpoint to name the base model that the LoRA was trained on.");
}
