using System.Text;
using CsCheck;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>Safetensors files with a weight in each of the quantised formats, and such with faults anywhere.</summary>
internal static class QuantisedCases
{
    private const int Rows = 8;
    private const int Columns = 64;

    public static Gen<byte[]> Mutated { get; } = FileMutations.Of(Gen.Int.Select(seed => File(new Random(seed))), right: 1);

    private static byte[] File(Random random)
    {
        var tensors = new List<(string Name, SafetensorsDType DType, long[] Shape)>
        {
            ("nf4.weight", SafetensorsDType.U8, [Rows * Columns / 2, 1]),
            ("nf4.weight.absmax", SafetensorsDType.U8, [Rows]),
            ("nf4.weight.quant_map", SafetensorsDType.F32, [16]),
            ("nf4.weight.nested_absmax", SafetensorsDType.F32, [2]),
            ("nf4.weight.nested_quant_map", SafetensorsDType.F32, [256]),
            ("int8.weight", SafetensorsDType.I8, [Rows, Columns]),
            ("int8.SCB", SafetensorsDType.F32, [Rows]),
            ("nvfp4.weight", SafetensorsDType.U8, [Rows, Columns / 2]),
            ("nvfp4.weight_scale", SafetensorsDType.F8_E4M3, [Rows, Columns / 16]),
            ("nvfp4.weight_scale_2", SafetensorsDType.F32, []),
            ("nvfp4.pre_quant_scale", SafetensorsDType.F16, [Columns]),
            ("mxfp8.weight", SafetensorsDType.F8_E4M3, [Rows, Columns]),
            ("mxfp8.weight_scale", SafetensorsDType.U8, [128, 4]),
            ("rotated.weight", SafetensorsDType.I8, [Rows, Columns]),
            ("rotated.weight_scale", SafetensorsDType.F32, [Rows, 1]),
            ("packed.weight", SafetensorsDType.I8, [Rows, Columns / 2]),
            ("packed.weight_scale", SafetensorsDType.F32, [Rows]),
            ("squares.weight", SafetensorsDType.F8_E4M3, [Rows, Columns]),
            ("squares.weight_scale_inv", SafetensorsDType.F32, [1, 1]),
        };
        (string Name, string Text)[] notes =
        [
            ("nf4.weight.quant_state.bitsandbytes__nf4", $$"""{"blocksize": {{Columns}}, "shape": [{{Rows}}, {{Columns}}], "nested_blocksize": 4, "nested_offset": 0.5}"""),
            ("rotated.comfy_quant", """{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": 16}"""),
            ("packed.comfy_quant", """{"format": "convrot_w4a4", "params": {"convrot_groupsize": 4}}"""),
        ];
        byte[] Content(SafetensorsDType dtype, long[] shape)
        {
            byte[] bytes = new byte[shape.Aggregate((long)dtype.Format().Size, (product, size) => product * size)];
            random.NextBytes(bytes);
            return bytes;
        }

        var all = tensors.Select(tensor => new SampleTensor(tensor.Name, tensor.DType, tensor.Shape, Content(tensor.DType, tensor.Shape)))
            .Concat(notes.Select(note => new SampleTensor(note.Name, SafetensorsDType.U8, [Encoding.UTF8.GetByteCount(note.Text)], Encoding.UTF8.GetBytes(note.Text))));
        return SampleTensor.File([.. all], [new("_quantization_metadata", """{"layers": {"mxfp8": {"format": "mxfp8"}}}""")]);
    }
}
