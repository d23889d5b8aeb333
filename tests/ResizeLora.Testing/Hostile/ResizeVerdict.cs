using System.Text.Json;
using ResizeLora.Safetensors;
using Xunit;

namespace ResizeLora.Testing.Hostile;

/// <summary>What must hold after a trial, whatever the files were.</summary>
internal static class ResizeVerdict
{
    /// <summary>Asserts all of it.</summary>
    /// <returns>What became of the task, for the statistics.</returns>
    public static string Of(ResizeTrial trial, ResizeCase task, string folder)
    {
        Assert.Equal(task.Lora, File.ReadAllBytes(trial.LoraPath));
        if (task.Checkpoint is not null)
            Assert.Equal(task.Checkpoint, File.ReadAllBytes(trial.CheckpointPath));

        string[] inputs = task.Checkpoint is null ? [trial.LoraPath] : [trial.LoraPath, trial.CheckpointPath];
        Assert.Equal(
            inputs.Concat(trial.Results.Select(result => result.Path)).Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = 0 }).Order(StringComparer.Ordinal));

        foreach (ResizeLoraException error in trial.Errors)
        {
            Assert.Contains(inputs, path => error.Message.Contains($"'{path}'", StringComparison.Ordinal));
            Message.AssertReadable(error.Message.Replace(folder, string.Empty, StringComparison.Ordinal));
        }

        Assert.All(trial.Messages, message => Message.AssertHarmless(message.Replace(folder, string.Empty, StringComparison.Ordinal)));

        // Each recipe ends in a file or in an error; one error that ends the work speaks for all that are left.
        int outcomes = trial.Results.Count + trial.Errors.Count;
        Assert.InRange(outcomes, trial.IsEnded ? 1 : task.Recipes.Length, task.Recipes.Length);

        using (SafetensorsFile? source = trial.Results.Count == 0 ? null : SafetensorsFile.Open(trial.LoraPath))
            Assert.All(trial.Results, result => AssertSound(result, source!));

        return trial.Errors.Count == 0 ? "resized" : string.Join(", ", trial.Errors.Select(error => error.ErrorId).Distinct());
    }

    private static void AssertSound(ResizeResult result, SafetensorsFile source)
    {
        byte[] bytes = File.ReadAllBytes(result.Path);
        Assert.Equal(result.Size, bytes.LongLength);
        if (result.Recipe.SizeMiB is { } size)
            Assert.True(bytes.LongLength <= size * (1 << 20), $"{bytes.LongLength} bytes");

        int headerLength = (int)BitConverter.ToUInt64(bytes);
        ReferenceHeader header = ReferenceHeader.Parse(bytes[8..(8 + headerLength)], bytes.Length - 8 - headerLength);
        Assert.Empty(header.Strictness);
        Assert.Equal(1, header.Metadata.Count(pair => pair.Name == "sshs_model_hash"));
        Assert.Equal("ResizeLora", JsonDocument.Parse(header.Metadata.Single(pair => pair.Name == "resize_params").Text).RootElement.GetProperty("tool").GetString());

        using SafetensorsFile output = SafetensorsFile.Open(result.Path);
        foreach (TensorInfo tensor in output.Header.Tensors)
            AssertCopiedOrFinite(tensor, output.Read(tensor), source);
    }

    private static void AssertCopiedOrFinite(TensorInfo tensor, byte[] bytes, SafetensorsFile source)
    {
        if (source.Header.Find(tensor.Name) is { } original
            && original.DType == tensor.DType && original.Shape.SequenceEqual(tensor.Shape) && source.Read(original).AsSpan().SequenceEqual(bytes))
        {
            return;
        }

        Assert.True(tensor.DType.Format().OutputNames.Count > 0, $"{tensor.Name} has become {tensor.DType}");
        for (int i = 0; i < bytes.Length; i += tensor.DType.Format().Size)
            Assert.True(double.IsFinite(SampleElement.Read(tensor.DType, bytes.AsSpan(i))), $"{tensor.Name} is not finite");
    }
}
