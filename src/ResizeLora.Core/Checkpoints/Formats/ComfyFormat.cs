using System.Runtime.CompilerServices;
using System.Text.Json;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>
/// The formats of ComfyUI and NVIDIA's ModelOpt library: 8-bit floats and integers with scales, NVFP4, MXFP8, and integers of
/// 8 or 4 bits of rotated rows. A note next to the weight or in the metadata names the format; older files have none.
/// </summary>
/// <remarks>
/// QUANTIZATION.md and comfy/ops.py of https://github.com/Comfy-Org/ComfyUI, comfy_kitchen/tensor of
/// https://github.com/Comfy-Org/comfy-kitchen, NVFP4QTensor in https://github.com/NVIDIA/Model-Optimizer; for Mistral's names
/// dequant_model in convert_hf_to_gguf.py of https://github.com/ggml-org/llama.cpp.
/// </remarks>
internal static class ComfyFormat
{
    /// <summary>Columns that share a scale in NVFP4 and in MXFP8, and that are rotated together.</summary>
    private const int Fp4Columns = 16;
    private const int Mxfp8Columns = 32;
    private const int RotatedColumns = 256;

    /// <summary>The names of scales; the last is Mistral's, whose 8-bit floats are otherwise the same.</summary>
    private static readonly string[] ScaleNames = ["scale_weight", "weight_scale", "qscale_weight"];

    /// <summary>The notes on layers in the metadata of files, read once per file.</summary>
    private static readonly ConditionalWeakTable<TensorHeader, Dictionary<string, ComfyNote>> Listed = [];

    public static StoredWeight? Find(WeightSurroundings around)
    {
        TensorInfo weight = around.Tensor.Info;
        ComfyNote? note = NoteOf(around);
        StoredTensor? scale = ScaleNames.Select(name => around.Find($"{around.Layer}.{name}")).FirstOrDefault(found => found is not null);
        IReadOnlyList<long> shape = weight.Shape;
        IReadOnlyList<long> unpacked = [.. shape.SkipLast(1), shape[^1] * 2];
        switch (note?.Format ?? Guess(weight, scale, around.Find($"{around.Layer}.weight_scale_2")))
        {
            case "nvfp4":
                // ModelOpt has the first of two numbers in the low half of a byte, and scales in rows.
                StoredTensor whole = around.Need($"{around.Layer}.weight_scale_2", 1);
                WeightScales blocks = WeightScales.OfColumns(Need(scale), unpacked, Fp4Columns, SafetensorsDType.F8_E4M3, preferTiles: note is not null, whole);
                return Create(unpacked, new WeightCodes.Paired(_ => SafetensorsDType.F4.Format().Values, HighFirst: note is not null), blocks) with
                {
                    ColumnScale = around.Find($"{around.Layer}.pre_quant_scale") is null ? null : around.Need($"{around.Layer}.pre_quant_scale", unpacked[^1]),
                };

            case "mxfp8":
                return Create(shape, new WeightCodes.Typed(Float(weight)), WeightScales.OfColumns(Need(scale), shape, Mxfp8Columns, SafetensorsDType.F8_E8M0, preferTiles: true));

            case "int8_tensorwise":
                return Create(shape, new WeightCodes.Typed(SafetensorsDType.I8), Plain(shape)) with { RotatedColumns = note?.IsRotated == true ? Rotated(note, shape) : 0 };

            case "convrot_w4a4":
                return Create(unpacked, new WeightCodes.Paired(_ => WeightCodes.Int4, HighFirst: false), Plain(unpacked)) with { RotatedColumns = Rotated(note, unpacked) };

            case "float8_e4m3fn" or "float8_e5m2" when scale is not null:
                return Create(shape, new WeightCodes.Typed(Float(weight, note?.Format)), Plain(shape));

            case "float8_e4m3fn" when around.Find($"{around.Layer}.weight_scale_inv") is { } squares:
                return Create(shape, new WeightCodes.Typed(weight.DType), squares.Info.ElementCount == 1 ? WeightScales.OfTensor(squares, shape) : WeightScales.OfSquares(squares, shape, 128));

            case null or "float8_e4m3fn" or "float8_e5m2":
                return null;

            case { } other:
                return new UnreadableWeight(around.Tensor, $"is quantised as {DisplayText.Of(other)}");
        }

        ScaledWeight Create(IReadOnlyList<long> meant, WeightCodes codes, WeightScales scales) => ScaledWeight.Create(around.Tensor, meant, codes, scales);

        // One scale, or one for each row.
        WeightScales Plain(IReadOnlyList<long> meant) => Need(scale) switch
        {
            { Info: { ElementCount: 1 } info } only when info.DType.Format().IsReal => WeightScales.OfTensor(only, meant),
            { Info: { } info } many when info.DType.Format().IsReal && info.ElementCount == meant[0] && info.Shape[0] == meant[0] => WeightScales.OfRows(many, meant),
            var other => throw new FormatException($"its scale of shape {other.Info.ShapeText} and dtype {other.Info.DType} is neither one number nor one for each row"),
        };
    }

    /// <summary>The format of a weight that nothing names, by the types of its tensors.</summary>
    private static string? Guess(TensorInfo weight, StoredTensor? scale, StoredTensor? whole) => weight.DType switch
    {
        SafetensorsDType.U8 when whole is not null => "nvfp4",
        SafetensorsDType.I8 when scale is not null => "int8_tensorwise",
        SafetensorsDType.F8_E4M3 when scale?.Info is { DType: SafetensorsDType.F8_E8M0 or SafetensorsDType.U8, Shape.Count: 2 } => "mxfp8",
        SafetensorsDType.F8_E4M3 => "float8_e4m3fn",
        SafetensorsDType.F8_E5M2 => "float8_e5m2",
        _ => null,
    };

    private static StoredTensor Need(StoredTensor? scale) => scale ?? throw new FormatException("its scale is missing");

    /// <summary>The type of 8-bit floats, which some files call bytes.</summary>
    private static SafetensorsDType Float(TensorInfo weight, string? format = null) =>
        weight.DType is SafetensorsDType.F8_E4M3 or SafetensorsDType.F8_E5M2 ? weight.DType : format == "float8_e5m2" ? SafetensorsDType.F8_E5M2 : SafetensorsDType.F8_E4M3;

    private static int Rotated(ComfyNote? note, IReadOnlyList<long> shape)
    {
        int size = note?.ConvrotGroupsize ?? note?.Params?.ConvrotGroupsize ?? RotatedColumns;
        return HadamardRotation.HasSize(size) && shape.Count == 2 && shape[1] % size == 0 ? size : throw new FormatException($"its rows of {shape[^1]} can't have been rotated by {size}");
    }

    private static ComfyNote? NoteOf(WeightSurroundings around)
    {
        if (around.Find($"{around.Layer}.comfy_quant") is { } stored)
            return around.Note<ComfyNote>(stored);

        return around.Files.Select(file => Listed.GetValue(file.Header, ReadListed)).Select(notes => FindListed(notes, around.Layer)).FirstOrDefault(note => note is not null);
    }

    /// <summary>The metadata may call layers without what their names begin with.</summary>
    private static ComfyNote? FindListed(Dictionary<string, ComfyNote> notes, string layer)
    {
        for (int start = 0; notes.Count > 0 && start >= 0; start = layer.IndexOf('.', start) + 1 is var next and > 0 ? next : -1)
        {
            if (notes.TryGetValue(layer[start..], out ComfyNote? note))
                return note;
        }

        return null;
    }

    private static Dictionary<string, ComfyNote> ReadListed(TensorHeader header)
    {
        try
        {
            ComfyNotes? notes = header.FindMetadata("_quantization_metadata") is { } text ? JsonSerializer.Deserialize<ComfyNotes>(text, WeightSurroundings.Json) : null;
            return (notes?.Layers ?? []).Where(layer => layer.Value is not null).ToDictionary(layer => layer.Key, layer => layer.Value!, StringComparer.Ordinal);
        }
        catch (JsonException)
        {
            // Another tool's notes under the same key.
            return [];
        }
    }

    /// <summary>What is stored next to a weight.</summary>
    private sealed record ComfyNote(string? Format, bool Convrot, int? ConvrotGroupsize, ComfyNote? Params)
    {
        /// <summary>Whether rows were rotated.</summary>
        public bool IsRotated => Convrot || Params?.Convrot == true;
    }

    /// <summary>The notes on all weights in the metadata.</summary>
    private sealed record ComfyNotes(Dictionary<string, ComfyNote?>? Layers);
}
