using System.Security.Cryptography;

namespace ResizeLora.Output;

/// <summary>
/// The two hashes by which other tools identify a model. Model: SHA-256 over the bytes of the tensors. Legacy: the first
/// 8 hex digits of the SHA-256 over 0x10000 bytes from 0x100000 of the file as it would be with its ss_* metadata only.
/// </summary>
/// <remarks>https://github.com/kohya-ss/sd-scripts, library/train_util.py, precalculate_safetensors_hashes.</remarks>
internal sealed record ModelHashes(string Model, string Legacy)
{
    public const int LegacyDigits = 8;

    public static ModelHashes Placeholder { get; } = new(new string('0', SHA256.HashSizeInBytes * 2), new string('0', LegacyDigits));
}
