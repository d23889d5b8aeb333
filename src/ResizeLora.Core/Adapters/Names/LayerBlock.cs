using System.Text.RegularExpressions;

namespace ResizeLora.Adapters.Names;

/// <summary>The block of a model that a layer is in, such as input_blocks_4, double_blocks_17 or text_model_encoder_layers_3.</summary>
internal static partial class LayerBlock
{
    /// <summary>The block, with '_' for '.' as kohya names it, so that it does not depend on the style; null for layers that are in none.</summary>
    public static string? Of(string layer) =>
        Block().Match(AdapterNames.KeyOf(layer).FlatPath) is { Success: true } block ? block.Value : null;

    /// <summary>A text by which names sort in the order of the model: numbers by their size.</summary>
    public static string SortKey(string name) => Digits().Replace(name, number => number.Value.PadLeft(8, '0'));

    /// <summary>The first numbered list of blocks or layers; the middle of a U-Net has one block only.</summary>
    [GeneratedRegex("^(mid(dle)?_block|.*?(blocks?|layers?|refiner)_[0-9]+)(?=_|$)")]
    private static partial Regex Block();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
