using ResizeLora.Core.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>A folder for outputs, and what must be true of it at any moment.</summary>
internal sealed class OutputFolder(string path)
{
    public string Path { get; } = Directory.CreateDirectory(path).FullName;

    /// <summary>Files that are not whole yet, or never will be.</summary>
    public string[] Temporary => Directory.GetFiles(Path, $"*{TemporaryFile.Extension}");

    /// <summary>Whole files, as their names say.</summary>
    public string[] Outputs => Directory.GetFiles(Path, "*.safetensors");

    /// <summary>Asserts that every file that looks like an output is one, and that there is nothing that is no output and no temporary file.</summary>
    public void AssertWhole()
    {
        foreach (string output in Outputs)
            AssertWhole(output);
        Assert.Equal(Directory.GetFileSystemEntries(Path).Order(StringComparer.Ordinal), Outputs.Concat(Temporary).Order(StringComparer.Ordinal));
    }

    /// <summary>Asserts that a reader accepts a file and that its tensors are those which its metadata has the hash of.</summary>
    public static void AssertWhole(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(Hash.Of(File.ReadAllBytes(path).AsSpan((int)file.Header.DataStart)), file.Header.FindMetadata("sshs_model_hash"));
        Assert.NotNull(OutputMetadata.Recorded(file.Header));
        Assert.NotEmpty(LoraFile.Layers(path));
    }
}
