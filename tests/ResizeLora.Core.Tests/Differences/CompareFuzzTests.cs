using CsCheck;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Pipeline;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Differences;

/// <summary>Whatever two LoRAs and a checkpoint hold: they are compared, or an error says which of them is at fault.</summary>
[Collection(Alone.Name)]
public sealed class CompareFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void LoRAs_are_compared_or_refused()
    {
        Gen.Select(ResizeCase.Any, FileMutations.Of(LoraCases.Any, right: 8)).Sample(
            (task, reference) => Check(task, reference),
            output.WriteLine,
            iter: FuzzVolume.ResizedFiles,
            threads: 1,
            print: task => $"{task.Item1} reference={Convert.ToBase64String(task.Item2)}");
    }

    /// <returns>What became of it, for the statistics.</returns>
    private static string Check(ResizeCase task, byte[] reference)
    {
        using var folder = new TemporaryFolder();
        var host = new JobRecorder();
        string[] paths = [folder["reference.safetensors"], folder["difference.safetensors"], folder["base.safetensors"]];
        File.WriteAllBytes(paths[0], reference);
        File.WriteAllBytes(paths[1], task.Lora);
        if (task.Checkpoint is not null)
            File.WriteAllBytes(paths[2], task.Checkpoint);

        List<LoraDifference> layers = [];
        try
        {
            using var job = new CompareJob(new(new PlainEngine()), new ResizeOptions { Checkpoint = task.Checkpoint is null ? null : [paths[2]], Workers = 1 }, paths[0], host, CancellationToken.None);
            layers.AddRange(job.Compare([paths[1]]));
        }
        catch (ResizeLoraException exception)
        {
            host.Errors.Add(exception);
        }

        foreach (ResizeLoraException error in host.Errors)
        {
            Assert.Contains(paths, path => error.Message.Contains($"'{path}'", StringComparison.Ordinal));
            Message.AssertReadable(error.Message.Replace(folder.Path, string.Empty, StringComparison.Ordinal));
        }

        Assert.InRange(host.Errors.Count, layers.Count == 0 ? 1 : 0, 1);
        Assert.All(layers, layer => Assert.All([layer.ReferenceNorm, layer.Norm, layer.DifferenceNorm, layer.Cosine ?? 0, layer.RelativeError ?? 0], number => Assert.True(double.IsFinite(number))));
        Assert.All(layers, layer => Assert.Equal((layer.DifferenceName is null, layer.ReferenceRank == 0), (layer.SideIndicator == "<=", layer.SideIndicator == "=>")));
        return host.Errors.Count == 0 ? "compared" : string.Join(", ", host.Errors.Select(error => error.ErrorId));
    }
}
