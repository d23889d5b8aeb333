using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Torch.Kernels;

/// <summary>How a kernel loads stored elements, finite ones; known at compile time, so that it costs no call.</summary>
internal unsafe interface IStoredElement
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>The factor from loaded to stored numbers; a power of two.</summary>
    static abstract double Scale { get; }

    /// <summary>Loads eight neighbours.</summary>
    static abstract Vector256<float> Load(byte* elements);

    /// <summary>Loads one.</summary>
    static abstract float LoadOne(byte* element);
}

/// <summary>Half precision, shifted into place: too small by 2^112, and no more work than that.</summary>
internal readonly unsafe struct HalfElement : IStoredElement
{
    public static int Size => sizeof(short);

    public static double Scale => 5192296858534827628530496329220096.0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements)
    {
        // The sign is extended over the upper half; it stays in bit 31.
        Vector256<int> bits = Vector256.WidenLower(Vector128.Load((short*)elements).ToVector256Unsafe());
        return ((bits << 13) & Vector256.Create(unchecked((int)0x8FFFFFFF))).AsSingle();
    }

    public static float LoadOne(byte* element) => BitConverter.Int32BitsToSingle((*(short*)element << 13) & unchecked((int)0x8FFFFFFF));
}

/// <summary>bfloat16: the upper half of single precision.</summary>
internal readonly unsafe struct BFloatElement : IStoredElement
{
    public static int Size => sizeof(short);

    public static double Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements) =>
        (Vector256.WidenLower(Vector128.Load((short*)elements).ToVector256Unsafe()) << 16).AsSingle();

    public static float LoadOne(byte* element) => BitConverter.Int32BitsToSingle(*(short*)element << 16);
}

/// <summary>Single precision.</summary>
internal readonly unsafe struct SingleElement : IStoredElement
{
    public static int Size => sizeof(float);

    public static double Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements) => Vector256.Load((float*)elements);

    public static float LoadOne(byte* element) => *(float*)element;
}
