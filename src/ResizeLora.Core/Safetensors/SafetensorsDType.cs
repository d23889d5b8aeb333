namespace ResizeLora.Safetensors;

/// <summary>
/// The element types of the safetensors format, in the order in which the reference library sorts them:
/// a file stores the largest first. <see cref="ElementFormat"/> describes them.
/// </summary>
internal enum SafetensorsDType
{
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    F8_E4M3FNUZ,
    F8_E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}
