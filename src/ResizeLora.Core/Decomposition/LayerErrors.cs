using System.Runtime.InteropServices;

namespace ResizeLora.Decomposition;

/// <summary>Every error about the content of a layer, worded in one place.</summary>
internal static class LayerErrors
{
    public static ResizeLoraException NonFinite(string path, string layer, string tensor, Exception? inner = null) =>
        new("NonFiniteValue", FaultKind.InvalidData, layer, $"Tensor '{DisplayText.Of(tensor)}' in layer '{DisplayText.Of(layer)}' of '{path}' contains NaN or infinity: the training has diverged, or the file is damaged.", inner);

    public static ResizeLoraException NonFiniteBase(string path, string tensor, Exception inner) =>
        new("NonFiniteValue", FaultKind.InvalidData, tensor, $"Tensor '{DisplayText.Of(tensor)}' of the checkpoint '{path}' contains NaN or infinity: the file is damaged.", inner);

    public static ResizeLoraException Infinite(string path, string layer) =>
        new("ValueTooLarge", FaultKind.InvalidData, layer, $"Layer '{layer}' of '{path}' has singular values that are infinite or not a number: its alpha or its factors are damaged.");

    public static ResizeLoraException TooLarge(string path, string layer, Exception inner) =>
        new("TensorTooLarge", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' stands for a matrix that is too large to be processed at once. Is the file damaged?", inner);

    public static ResizeLoraException Overflow(string path, string layer, Exception inner) =>
        new("ValueTooLarge", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' is outside the range of the output precision. Use -Precision BFloat16 or Float32.", inner);

    public static ResizeLoraException OutOfMemory(string path, string layer, Exception inner) =>
        new("OutOfMemory", FaultKind.OutOfMemory, layer, $"There is not enough memory for layer '{DisplayText.Of(layer)}' of '{path}': {FirstLine(inner)} Close other programs, or work on fewer layers at once with -ThrottleLimit 1.", inner);

    public static ResizeLoraException EngineFailed(string path, string layer, ExternalException inner) =>
        IsOutOfMemory(inner)
            ? OutOfMemory(path, layer, inner)
            : new("ComputationFailed", FaultKind.ComputationFailed, layer, $"libtorch failed on layer '{DisplayText.Of(layer)}' of '{path}': {FirstLine(inner)}", inner);

    public static ResizeLoraException Changed(string path, string layer) =>
        new("FileChanged", FaultKind.ReadFailed, path, $"'{path}' has changed since it was decomposed (layer '{DisplayText.Of(layer)}'). Run Get-LoraSpectrum again.");

    public static ResizeLoraException CheckpointChanged(string path, string layer, string checkpoint) =>
        new("FileChanged", FaultKind.ReadFailed, checkpoint, $"The checkpoint '{checkpoint}' is no longer the one that the layers of '{path}' were compared with (layer '{DisplayText.Of(layer)}'). Run Get-LoraSpectrum again, or name it with -Checkpoint to compare them with its current version.");

    public static ResizeLoraException NotRestored(string path, string layer, string reason) =>
        new("LayerNotRestored", FaultKind.InvalidArgument, path.Length == 0 ? layer : path, $"A copy of {(layer.Length == 0 ? "a layer" : $"the layer '{DisplayText.Of(layer)}'")}{(path.Length == 0 ? string.Empty : $" of '{path}'")} can't be used: {reason}. Pass the layers that Get-LoraSpectrum makes, or copies with all of their properties (Select-Object *).");

    public static ResizeLoraException NotFound(string path, string layer, IReadOnlyList<string> similar) =>
        new("LayerNotFound", FaultKind.NotFound, layer, $"'{path}' has no layer '{DisplayText.Of(layer)}'{(similar.Count == 0 ? string.Empty : $" (similar: {string.Join(", ", similar.Select(DisplayText.Of))})")}. Get-LoraSpectrum lists its layers; * and ? are wildcards.");

    public static ResizeLoraException NoLayers(string path, string reasons) =>
        new("NoLoraLayers", FaultKind.InvalidData, path, $"'{path}' contains no LoRA layer that can be decomposed{(reasons.Length == 0 ? string.Empty : $" ({reasons})")}. Is it a LoRA?");

    public static ResizeLoraException OtherModel(string path, string kind) =>
        new("NoLoraLayers", FaultKind.InvalidData, path, $"'{path}' is {kind}, not a LoRA. Name a LoRA with -Path, and its base model with -Checkpoint.");

    public static ResizeLoraException NothingPairs(string path, string checkpoint, string family, string example) =>
        new("NothingPairs", FaultKind.InvalidData, path, $"None of the layers of '{path}', such as {example}, could be paired with the checkpoint '{checkpoint}' (model family: {family}). Is this the base model that the LoRA was trained on?");

    public static ResizeLoraException NothingIsClear(string path, string checkpoint, string family, string example) =>
        new("NothingPairs", FaultKind.InvalidData, path, $"No layer of '{path}' could be paired with the checkpoint '{checkpoint}' (family: {family}), because each name could mean several layers there, such as {example}. If these are several models, such as both experts of Wan 2.2, use -Checkpoint with the file or folder of the one that the LoRA is for.");

    public static ResizeLoraException Unmatched(string path, string checkpoint, int count, string unpaired) =>
        new("UnmatchedLayer", FaultKind.InvalidData, path, $"The checkpoint '{checkpoint}' has no partner for {Quantity.Of(count, "layer")} of '{path}': {unpaired}. Use -UnmatchedLayer Keep to keep them unchanged or Drop to leave them out.");

    /// <summary>libtorch throws one type of exception for everything, and describes the cause in several lines of text.</summary>
    private static bool IsOutOfMemory(ExternalException exception) =>
        Array.Exists(["out of memory", "not enough memory", "can't allocate memory"], words => exception.Message.Contains(words, StringComparison.OrdinalIgnoreCase));

    private static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0].Trim();
}
