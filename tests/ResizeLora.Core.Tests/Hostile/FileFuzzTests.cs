using CsCheck;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Whatever bytes a file holds: it opens and every tensor can be read, or one error names it.</summary>
public sealed class FileFuzzTests(ITestOutputHelper output) : IDisposable
{
    // As for a header alone, and all tensors once.
    private readonly CostLimit _cost = new(TimeSpan.FromSeconds(5), bytes: 128 * 1024, bytesPerByte: 24, () => ProcessorTime.OfThread);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_opens_or_is_refused_by_name()
    {
        FileCases.Mutated.Sample(Check, output.WriteLine, iter: FuzzVolume.OpenedFiles, threads: 1, print: Convert.ToHexString);
        output.WriteLine($"{FuzzVolume.OpenedFiles} files. {_cost}");
    }

    /// <returns>What became of it, for the statistics.</returns>
    private string Check(byte[] bytes)
    {
        string path = _folder["case.safetensors"];
        File.WriteAllBytes(path, bytes);
        string outcome;
        TimeSpan begin = _cost.Now;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            long read = file.Header.DataStart + file.Header.Tensors.Sum(tensor => file.Read(tensor).LongLength);
            Assert.Equal(bytes.Length, read);
            outcome = "read";
        }
        catch (ResizeLoraException exception)
        {
            Assert.Equal("InvalidSafetensors", exception.ErrorId);
            Assert.StartsWith($"'{path}' is not a valid safetensors file: ", exception.Message, StringComparison.Ordinal);
            Assert.Equal(path, exception.Target);
            outcome = $"refused: {Message.KindOf(exception.Message[(exception.Message.IndexOf("file: ", StringComparison.Ordinal) + 6)..])}";
        }

        _cost.Check(begin, GC.GetAllocatedBytesForCurrentThread() - before, bytes.Length);
        File.Delete(path);
        return outcome;
    }
}
