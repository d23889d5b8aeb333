namespace ResizeLora.Checkpoints;

/// <summary>Every error about how a checkpoint is stored, worded in one place.</summary>
internal static class CheckpointFault
{
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
}
