using System.Buffers.Binary;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing;

/// <summary>Writes numbers of all types that a LoRA may be stored in; the product writes only those that it makes.</summary>
internal static class SampleElement
{
    public static void Write(SafetensorsDType dtype, double value, Span<byte> bytes)
    {
        switch (dtype)
        {
            case SafetensorsDType.F64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                break;
            case SafetensorsDType.I64:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value);
                break;
            case SafetensorsDType.I32:
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
                break;
            case SafetensorsDType.F8_E4M3 or SafetensorsDType.F8_E5M2:
                bytes[0] = Enumerable.Range(0, 256).Select(bits => (byte)bits).MinBy(bits => Distance(ElementCodec.Read(dtype, [bits]), value));
                break;
            default:
                ElementCodec.Write(dtype, value, bytes);
                break;
        }
    }

    private static double Distance(double candidate, double value) =>
        double.IsNaN(candidate) ? double.PositiveInfinity : Math.Abs(candidate - value);
}
