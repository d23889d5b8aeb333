using System.Globalization;

namespace ResizeLora.Adapters.Peft;

/// <summary>Every error about adapters as PEFT saves them, worded in one place.</summary>
internal static class PeftErrors
{
    public static ResizeLoraException NotAdapter(string folder, bool hasWeights, bool hasConfiguration, bool hasPickled) =>
        (hasWeights, hasConfiguration, hasPickled) switch
        {
            (false, _, true) => new("PickledAdapter", FaultKind.InvalidData, folder, $"The folder '{folder}' contains '{AdapterLocation.WeightsName.Replace("safetensors", "bin", StringComparison.Ordinal)}', a PyTorch file, which can't be read. Load the adapter in PEFT and save it with save_pretrained, which writes '{AdapterLocation.WeightsName}'."),
            (true, false, _) => new("NotPeftFolder", FaultKind.InvalidData, folder, $"The folder '{folder}' contains '{AdapterLocation.WeightsName}' without '{AdapterLocation.ConfigurationName}', which gives its alpha. Download that file too, or name the safetensors file itself: if its header does not give alpha either, the rank is used."),
            (false, true, _) => new("NotPeftFolder", FaultKind.InvalidData, folder, $"The folder '{folder}' contains '{AdapterLocation.ConfigurationName}' without '{AdapterLocation.WeightsName}'. Download that file too."),
            _ => new("PathIsFolder", FaultKind.InvalidArgument, folder, $"'{folder}' is a folder, but not a PEFT adapter, which contains '{AdapterLocation.WeightsName}' and '{AdapterLocation.ConfigurationName}'. Name files in it, for example '{System.IO.Path.Combine(folder, "*.safetensors")}'."),
        };

    public static ResizeLoraException NotJson(string path, string reason, Exception? inner = null) =>
        new("InvalidPeftConfig", FaultKind.InvalidData, path, $"'{path}' is not a valid PEFT configuration: {reason}. Download it again.", inner);

    public static ResizeLoraException Invalid(string place, FormatException reason) =>
        new("InvalidPeftConfig", FaultKind.InvalidData, place, $"{place} can't be used: {reason.Message}. Correct it, or download the adapter again.", reason);

    public static ResizeLoraException UnsupportedType(string place, string type) =>
        new("UnsupportedPeftType", FaultKind.InvalidData, place, $"{place} says that this is a PEFT adapter of type {DisplayText.Of(type)}. Only LORA, LOHA and LOKR can be resized.");

    public static ResizeLoraException UnsupportedVariant(string place, string key) =>
        new("UnsupportedPeftType", FaultKind.InvalidData, place, $"{place} has {key}: adapters of this variant can't be resized.");

    public static ResizeLoraException ChangesBase(string place, string key, string value) =>
        new("UnsupportedPeftType", FaultKind.InvalidData, place, $"{place} has {key} \"{DisplayText.Of(value)}\": PEFT takes parts out of the base weights when it loads this adapter, and which ones depends on the rank. Turn it into a plain LoRA first, by save_pretrained with path_initial_model_for_weight_conversion.");

    public static ResizeLoraException RankDiffers(string path, string layer, long stored, string place, double configured) =>
        new("PeftRankMismatch", FaultKind.InvalidData, layer, string.Create(CultureInfo.InvariantCulture, $"Layer '{DisplayText.Of(layer)}' of '{path}' has rank {stored}, but {place} gives it rank {configured}. They don't belong together: correct the one that is out of date, or download the adapter again."));

    public static ResizeLoraException ScaleDiffers(string path, string layer, string place, double configured, string otherPlace, double other) =>
        new("PeftAlphaMismatch", FaultKind.InvalidData, layer, string.Create(CultureInfo.InvariantCulture, $"Layer '{DisplayText.Of(layer)}' of '{path}' is multiplied by {configured:0.######} according to {place}, but by {other:0.######} according to {otherPlace}. Remove the wrong one."));

    public static ResizeLoraException DoraDiffers(string path, string layer, string place, bool usesDora) =>
        new("PeftDoraMismatch", FaultKind.InvalidData, layer, $"Layer '{DisplayText.Of(layer)}' of '{path}' has {(usesDora ? "no magnitudes" : "DoRA magnitudes")}, but {place} has {(usesDora ? "use_dora true" : "no use_dora true")}. They don't belong together: correct the one that is out of date, or download the adapter again.");

    public static ResizeLoraException CantKeep(string path, string type, int count, string example) =>
        new("UnsupportedLayer", FaultKind.InvalidData, path, $"{Quantity.Of(count, "layer")} of '{path}', such as '{DisplayText.Of(example)}', would have to stay as they are, but a PEFT adapter of type {type} becomes one of type LORA. If they are not in the checkpoint, leave them out with -UnmatchedLayer Drop.");
}
