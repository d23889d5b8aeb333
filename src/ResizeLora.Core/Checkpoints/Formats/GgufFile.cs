using Microsoft.Win32.SafeHandles;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints.Formats;

/// <summary>A GGUF file open for reading.</summary>
internal sealed class GgufFile : TensorFile
{
    private GgufFile(SafeFileHandle handle, FileVersion version, TensorHeader header, int partCount)
        : base(handle, version)
    {
        Header = header;
        PartCount = partCount;
    }

    public override TensorHeader Header { get; }

    /// <summary>Of how many files the model is that this is a part of; 1 where it is whole.</summary>
    public int PartCount { get; }

    /// <summary>Opens a file of a checkpoint, be it safetensors or GGUF.</summary>
    /// <exception cref="ResizeLoraException">It is missing, unreadable or not a valid file of either format.</exception>
    public static TensorFile OpenEither(string path) => Open<TensorFile>(path, (handle, version) =>
        ReadHead(handle, version).AsSpan().StartsWith("GGUF"u8) ? Create(handle, version) : SafetensorsFile.Create(handle, version));

    private static GgufFile Create(SafeFileHandle handle, FileVersion version)
    {
        try
        {
            var reader = new GgufHeaderReader((position, bytes) => ReadFully(version.Path, handle, position, bytes), version.Length);
            return new GgufFile(handle, version, reader.Read(), reader.PartCount);
        }
        catch (NotSupportedException exception)
        {
            throw CheckpointErrors.OtherGguf(version.Path, exception.Message, exception);
        }
        catch (FormatException exception)
        {
            throw CheckpointErrors.NotGguf(version.Path, exception.Message, exception);
        }
    }
}
