using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>Comparisons over the real engine, in a folder of their own.</summary>
internal sealed class CompareBench : IDisposable
{
    public TemporaryFolder Folder { get; } = new();

    public JobRecorder Host { get; } = new();

    public void Dispose() => Folder.Dispose();

    /// <summary>Writes two files, and a checkpoint, and compares them.</summary>
    public IReadOnlyList<LoraDifference> Compare(SampleFile reference, SampleFile difference, SampleFile? checkpoint = null) => Compare(
        reference.Write(Folder["a.safetensors"]),
        difference.Write(Folder["b.safetensors"]),
        checkpoint?.Write(Folder["base.safetensors"]));

    /// <summary>Compares files.</summary>
    public IReadOnlyList<LoraDifference> Compare(string reference, string difference, string? checkpoint = null)
    {
        using var job = new CompareJob(new(TestEngine.Torch), new ResizeOptions { Checkpoint = checkpoint is null ? null : [checkpoint], Workers = 2 }, reference, Host, CancellationToken.None);
        return [.. job.Compare([difference])];
    }

    /// <summary>The error of a comparison that fails, whichever file is to blame.</summary>
    public ResizeLoraException Refused(SampleFile reference, SampleFile difference, SampleFile? checkpoint = null)
    {
        try
        {
            Compare(reference, difference, checkpoint);
        }
        catch (ResizeLoraException exception)
        {
            return exception;
        }

        return Host.Errors.Single();
    }
}
