using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>
/// The formats of bitsandbytes: NF4 and FP4, indices of 4 bits into a table with the greatest absolute value of each block,
/// which may be quantised again; and LLM.int8(), with the greatest absolute value of each row.
/// </summary>
/// <remarks>QuantState in bitsandbytes/functional.py and Linear8bitLt in nn/modules.py of https://github.com/bitsandbytes-foundation/bitsandbytes.</remarks>
internal static class BitsAndBytesFormat
{
    public static StoredWeight? Find(WeightSurroundings around)
    {
        TensorInfo weight = around.Tensor.Info;
        if (weight.DType == SafetensorsDType.I8 && around.Find($"{around.Layer}.SCB") is not null)
        {
            StoredTensor greatest = around.Need($"{around.Layer}.SCB", weight.Shape[0]);
            return ScaledWeight.Create(around.Tensor, weight.Shape, new WeightCodes.Typed(weight.DType), WeightScales.OfRows(greatest, weight.Shape, 1 / 127f));
        }

        StoredTensor? state = around.Find($"{around.Name}.quant_state.bitsandbytes__nf4") ?? around.Find($"{around.Name}.quant_state.bitsandbytes__fp4");
        return state is null ? null : FourBits(around, state);
    }

    private static ScaledWeight FourBits(WeightSurroundings around, StoredTensor state)
    {
        if (around.Note<FourBitNote>(state) is not { Shape: { Length: > 0 } shape, Blocksize: > 0 } note || Array.Exists(shape, size => size <= 0))
            throw new FormatException($"'{DisplayText.Of(state.Info.Name)}' does not give its shape");

        StoredTensor values = around.Need($"{around.Name}.quant_map", 16);
        StoredTensor greatest = around.Need($"{around.Name}.absmax");
        WeightScales scales = WeightScales.OfRuns(greatest, shape, note.Blocksize);
        if (around.Find($"{around.Name}.nested_absmax") is { } nested)
        {
            StoredTensor table = around.Need($"{around.Name}.nested_quant_map", 256);
            if (note.NestedBlocksize <= 0 || greatest.Info.DType != SafetensorsDType.U8 || nested.Info.ElementCount != (greatest.Info.ElementCount - 1) / note.NestedBlocksize + 1)
                throw new FormatException("its scales of scales do not fit");

            scales = scales with { Tensors = [greatest, nested, table], Read = Nested };

            float[] Nested(IReadOnlyList<TensorFile> files)
            {
                float[] looked = WeightCodes.Numbers(files, table);
                float[] factors = WeightCodes.Numbers(files, nested);
                return [.. WeightCodes.Numbers(files, greatest).Select((code, i) => looked[(int)code] * factors[i / note.NestedBlocksize] + note.NestedOffset)];
            }
        }

        return ScaledWeight.Create(around.Tensor, shape, new WeightCodes.Paired(files => WeightCodes.Numbers(files, values), HighFirst: true), scales);
    }

    /// <summary>What is stored next to a 4-bit weight.</summary>
    private sealed record FourBitNote(long[]? Shape, int Blocksize, int NestedBlocksize, float NestedOffset);
}
