using System.Diagnostics;
using System.Security.Cryptography;
using ResizeLora.Benchmarks.Reporting;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Machine;

/// <summary>What this machine can do at best, on all processors unless it says otherwise.</summary>
/// <param name="Reading">Bytes a second out of the system's file cache.</param>
/// <param name="Hashing">Bytes a second of SHA-256 on one processor.</param>
/// <param name="Arithmetic">Float64 operations a second in a product of large matrices.</param>
/// <param name="Writing">Bytes a second to the disk.</param>
internal sealed record MachineSpeed(double Reading, double Hashing, double Arithmetic, double Writing)
{
    private const int BlockLength = 4 << 20;
    private const long WrittenLength = 512 << 20;
    private const int MatrixSize = 1024;
    private const int Tries = 3;

    public string Description =>
        $"reading {Reading / Units.Giga:0.0} GB/s, SHA-256 {Hashing / Units.Giga:0.00} GB/s on one processor, "
        + $"float64 products {Arithmetic / Units.Giga:0} GFLOP/s, writing to disk {Writing / Units.Giga:0.00} GB/s";

    /// <summary>Measures it, with a file to read and a folder to write to.</summary>
    public static MachineSpeed Measure(string file, string folder)
    {
        byte[] block = new byte[BlockLength];
        return new MachineSpeed(
            new FileInfo(file).Length / Best(() => FileCache.Fill(file)),
            64.0 * BlockLength / Best(() => HashBlocks(block, 64)),
            Environment.ProcessorCount * 2.0 * MatrixSize * MatrixSize * MatrixSize / Best(Multiply()),
            WrittenLength / Best(() => Write(Path.Combine(folder, "speed.tmp"), block)));
    }

    /// <summary>The least of a few times, after one that does not count.</summary>
    private static double Best(Action work)
    {
        work();
        return Enumerable.Range(0, Tries).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            work();
            return watch.Elapsed.TotalSeconds;
        });
    }

    private static void HashBlocks(byte[] block, int count)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < count; i++)
            hash.AppendData(block);
    }

    /// <summary>One product on one thread; the tensors are made before the clock starts.</summary>
    private static Action Multiply()
    {
        Tensor left = randn(MatrixSize, MatrixSize, ScalarType.Float64);
        Tensor right = randn(MatrixSize, MatrixSize, ScalarType.Float64);
        return () => left.matmul(right).Dispose();
    }

    private static void Write(string path, byte[] block)
    {
        using (FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (long written = 0; written < WrittenLength; written += block.Length)
                stream.Write(block);
            stream.Flush(flushToDisk: true);
        }

        File.Delete(path);
    }
}
