using CsCheck;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Formats;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Whatever bytes a checkpoint holds, GGUF or quantised: every weight can be read, or one error names the file.</summary>
public sealed class CheckpointFuzzTests(ITestOutputHelper output) : IDisposable
{
    // The buffer that a header is read with, and all weights in single precision, with room for blocks that rows begin within.
    private readonly CostLimit _cost = new(TimeSpan.FromSeconds(5), bytes: 512 * 1024, bytesPerByte: 64, () => ProcessorTime.OfThread);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_GGUF_file_is_read_or_refused_by_name() => Try(GgufCases.Mutated);

    [Fact]
    public void Weights_that_are_quantised_are_read_or_refused_by_name() => Try(QuantisedCases.Mutated);

    private void Try(Gen<byte[]> files)
    {
        files.Sample(Check, output.WriteLine, iter: FuzzVolume.OpenedFiles, threads: 1, print: Convert.ToHexString);
        output.WriteLine($"{FuzzVolume.OpenedFiles} files. {_cost}");
    }

    /// <returns>What became of it, for the statistics.</returns>
    private string Check(byte[] bytes)
    {
        string path = _folder["case"];
        File.WriteAllBytes(path, bytes);
        string outcome = "read";
        TimeSpan begin = _cost.Now;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using TensorFile file = GgufFile.OpenEither(path);
            var source = new CheckpointSource(string.Empty, [(0, file.Header)], tensor => file.Read(tensor.Info));
            foreach (WeightRows rows in source.WeightsFrom(string.Empty).Values)
            {
                float[] numbers = new float[rows.Columns * rows.Count];
                if (rows.Weight.Problem is { } problem)
                    outcome = Message.KindOf(problem);
                else if (rows.Weight is not PlainWeight || rows.Weight.Plain is not null)
                    rows.Weight.Read([file], 0, numbers);
            }
        }
        catch (ResizeLoraException exception)
        {
            Assert.True(exception.ErrorId is "InvalidGguf" or "UnsupportedGguf" or "InvalidSafetensors", exception.ErrorId);
            Assert.StartsWith($"'{path}' is {(exception.ErrorId == "UnsupportedGguf" ? "a GGUF file that can't be read" : "not a valid ")}", exception.Message, StringComparison.Ordinal);
            Assert.Equal(path, exception.Target);
            outcome = $"refused: {Message.KindOf(exception.Message[(exception.Message.IndexOf("file: ", StringComparison.Ordinal) + 6)..])}";
        }

        _cost.Check(begin, GC.GetAllocatedBytesForCurrentThread() - before, bytes.Length);
        File.Delete(path);
        return outcome;
    }
}
