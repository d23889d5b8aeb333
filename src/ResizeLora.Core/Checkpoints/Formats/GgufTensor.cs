using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>A tensor of a GGUF file. A quantised one counts as bytes, which its format makes numbers of.</summary>
internal sealed record GgufTensor(string Name, BlockFormat Format, IReadOnlyList<long> Shape, long Begin, long End)
    : TensorInfo(Name, Format.Plain ?? SafetensorsDType.U8, Shape, Begin, End);
