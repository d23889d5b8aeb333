using System.Text;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>A process that gets too little memory for one file: an error says so, and the files after it are worked on.</summary>
public sealed class LittleMemoryTests : IDisposable
{
    private const string Script = """
        param($Manifest)
        $ErrorActionPreference = 'Continue'
        Import-Module $Manifest
        Invoke-LoraResize 1-style.safetensors, 2-victim.safetensors, 3-style.safetensors -NoCache -ThrottleLimit 1 -Recipe 'spn_lora=1,thr=-0.3' -Destination out -ErrorVariable problems -ErrorAction SilentlyContinue | ForEach-Object Name
        $problems | ForEach-Object { "$($_.CategoryInfo.Category) $($_.FullyQualifiedErrorId.Split(',')[0]) $($_.Exception.Message)" }
        """;

    private readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Of_which_a_layer_is_too_large()
    {
        // Zeros that take no room on the disk: 2 · 400 MB of factors where there are 300 MB.
        SafetensorsLayout layout = SafetensorsLayout.Create(
        [
            new TensorSpec("lora_unet_large.lora_up.weight", SafetensorsDType.F16, [100_000_000, 2]),
            new TensorSpec("lora_unet_large.lora_down.weight", SafetensorsDType.F16, [2, 100_000_000]),
        ]);
        byte[] header = layout.Header(metadata: null);
        using (FileStream stream = File.Create(Victim))
        {
            stream.Write(header);
            stream.SetLength(header.Length + layout.DataLength);
        }

        AssertToldAndGoesOn("layer 'lora_unet_large'");
    }

    [Fact]
    public void Of_which_the_header_is_too_large()
    {
        var header = new StringBuilder("{\"__metadata__\":{");
        for (int i = 0; header.Length < 90_000_000; i++)
            header.Append(i == 0 ? string.Empty : ",").Append('"').Append(i).Append("\":\"\"");
        SampleFile.WriteRaw(Victim, header.Append("}}").ToString(), []);
        AssertToldAndGoesOn("memory to process");
    }

    private string Victim => Path.Combine(_shell.Folder, "2-victim.safetensors");

    private void AssertToldAndGoesOn(string place)
    {
        foreach (string name in new[] { "1-style.safetensors", "3-style.safetensors" })
            SampleModel.Lora().Write(Path.Combine(_shell.Folder, name));

        ShellOutcome outcome = _shell.Run([new("DOTNET_GCHeapHardLimit", "0x12000000")], _shell.Script(Script), BuiltModule.Manifest);
        Assert.Equal(string.Empty, outcome.Error);
        Assert.Equal(3, outcome.OutputLines.Length);
        Assert.Equal("1-style_spnlora1_th-0.3.safetensors", outcome.OutputLines[0]);
        Assert.Equal("3-style_spnlora1_th-0.3.safetensors", outcome.OutputLines[1]);
        Assert.StartsWith("ResourceUnavailable OutOfMemory ", outcome.OutputLines[2], StringComparison.Ordinal);
        Assert.Contains(place, outcome.OutputLines[2], StringComparison.Ordinal);
        Assert.Contains($"'{Victim}'", outcome.OutputLines[2], StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFileSystemEntries(Path.Combine(_shell.Folder, "out")).Length);
    }
}
