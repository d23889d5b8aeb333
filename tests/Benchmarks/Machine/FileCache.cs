using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>The system's memory of files.</summary>
internal static class FileCache
{
    private const int BlockLength = 4 << 20;

    /// <summary>Reads a whole file with all processors, so that whoever reads it next does not wait for the disk.</summary>
    public static void Fill(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        long blocks = (RandomAccess.GetLength(handle) + BlockLength - 1) / BlockLength;
        Parallel.For(0, blocks, () => new byte[BlockLength], (number, _, block) => ReadBlock(number, block), _ => { });

        byte[] ReadBlock(long number, byte[] block)
        {
            RandomAccess.Read(handle, block, number * BlockLength);
            return block;
        }
    }
}
