using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>Disks that are full, at first or in the middle: an error, and nothing half is left.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const string Recipe = "spn_lora=1,thr=-0.3";
    private const int TooMuch = 3 << 20;

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [SmallDiskFact]
    public void A_disk_without_room_is_an_error_before_anything_is_written()
    {
        using SmallDisk disk = SmallDisk.InMemory();
        AssertRefused(disk);
    }

    [SmallDiskFact]
    public void A_disk_that_gets_full_is_an_error_and_nothing_is_left()
    {
        using SmallDisk disk = SmallDisk.Old(_bench.Folder["image"]);
        AssertRefused(disk);
    }

    [SmallDiskFact]
    public void A_file_that_has_no_room_leaves_the_one_that_it_was_to_replace()
    {
        using SmallDisk disk = SmallDisk.InMemory();
        _bench.Options = _bench.Options with { Output = OutputPath.In(disk.Path), Overwrite = true };
        string path = Assert.Single(_bench.Resize(WriteLora("small/style.safetensors", 1000), Recipe)).Path;
        string before = Hash.OfFile(path);
        Refusal.Of("WriteFailed", () => _bench.Resize(WriteLora("large/style.safetensors", TooMuch), Recipe), path);
        Assert.Equal(before, Hash.OfFile(path));
        Assert.Single(Directory.GetFileSystemEntries(disk.Path));
    }

    [SmallDiskFact]
    public void An_adapter_s_folder_that_has_no_room_leaves_the_one_that_it_was_to_replace()
    {
        using SmallDisk disk = SmallDisk.InMemory();
        _bench.Options = _bench.Options with { Output = OutputPath.In(disk.Path), Overwrite = true };
        string path = Assert.Single(_bench.Resize(WriteAdapter("small/style", 1000), Recipe)).Path;
        string[] before = [.. Directory.GetFiles(path).Select(Hash.OfFile)];
        Refusal.Of("WriteFailed", () => _bench.Resize(WriteAdapter("large/style", TooMuch), Recipe), $"'{path}'");
        Assert.Equal(before, Directory.GetFiles(path).Select(Hash.OfFile));
        Assert.Equal([path], Directory.GetFileSystemEntries(disk.Path));
    }

    [SmallDiskFact]
    public void An_adapter_s_folder_whose_configuration_has_no_room_is_an_error_and_nothing_is_left()
    {
        using SmallDisk disk = SmallDisk.Old(_bench.Folder["image"]);
        string adapter = WriteAdapter("style", 1000);
        _bench.Options = _bench.Options with { Output = OutputPath.In(disk.Path) };
        string[] before = Directory.GetFileSystemEntries(disk.Path);

        // When the tensors are written, the disk gets full; the configuration comes last.
        _bench.Host.AtStep = stage =>
        {
            if (stage == "Writing layer" && !File.Exists(disk["filler"]))
                Fill(disk);
        };
        Refusal.Of("WriteFailed", () => _bench.Resize(adapter, Recipe), disk.Path);
        File.Delete(disk["filler"]);
        Assert.Equal(before, Directory.GetFileSystemEntries(disk.Path));
    }

    [SmallDiskFact]
    public void What_a_killed_run_left_makes_room_first()
    {
        using SmallDisk disk = SmallDisk.InMemory();
        File.WriteAllBytes(disk[".abcdefgh.ijk.resizelora.tmp"], new byte[3 << 19]);
        _bench.Options = _bench.Options with { Output = OutputPath.In(disk.Path) };
        OutputFolder.AssertWhole(Assert.Single(_bench.Resize(WriteLora("style.safetensors", 1 << 20), Recipe)).Path);
        Assert.Single(Directory.GetFileSystemEntries(disk.Path));
    }

    [SmallDiskFact]
    public void A_cache_on_a_full_disk_is_a_warning()
    {
        using SmallDisk disk = SmallDisk.Old(_bench.Folder["image"]);
        Fill(disk);
        _bench.Options = _bench.Options with { CacheFolder = disk["cache"] };
        using BaseCheckpoint checkpoint = _bench.OpenCheckpoint();
        string path = _bench.WriteLora();
        Assert.Single(_bench.Pipeline(checkpoint).Resize(path, [ResizeRecipe.Parse("spn_ckpt=1,thr=-3")]));
        Assert.NotEmpty(_bench.Host.Warnings);
        Assert.Empty(_bench.Host.Errors);
    }

    [SmallDiskFact]
    public void A_file_that_the_disk_can_not_read_to_its_end_is_an_error()
    {
        string image = _bench.Folder["image"];
        using (SmallDisk disk = SmallDisk.Old(image))
            File.Copy(WriteLora("style.safetensors", 100_000), disk["style.safetensors"]);
        SmallDisk.Break(image, "style.safetensors");
        using SmallDisk broken = SmallDisk.Mounted(image);
        string path = broken["style.safetensors"];
        using (SafetensorsFile file = SafetensorsFile.Open(path))
            Assert.NotEmpty(file.Header.Tensors);

        _bench.Options = _bench.Options with { Output = OutputPath.In(Directory.CreateDirectory(_bench.Folder["out"]).FullName) };
        Assert.Empty(_bench.Resize(path, Recipe));
        ResizeLoraException exception = Assert.Single(_bench.Host.Errors);
        Assert.Equal(("ReadFailed", FaultKind.ReadFailed), (exception.ErrorId, exception.Kind));
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Folder["out"]));
    }

    [UnixFact]
    public void A_file_larger_than_a_process_may_write_is_an_error_and_nothing_is_left()
    {
        // A limit of the shell's; the signal that comes with it is ignored, and so is a feature of the runtime that needs large files.
        string lora = WriteLora("style.safetensors", TooMuch);
        string folder = Directory.CreateDirectory(_bench.Folder["out"]).FullName;
        using HostProcess host = HostProcess.StartAfter("ulimit -f 1000; trap '' XFSZ; DOTNET_EnableWriteXorExecute=0 exec", "resize", lora, folder, Recipe);
        host.Go();
        (int exitCode, string output) = host.Finish();
        Assert.StartsWith("WriteFailed: ", output, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    private void AssertRefused(SmallDisk disk)
    {
        _bench.Options = _bench.Options with { Output = OutputPath.In(disk.Path) };
        string[] before = Directory.GetFileSystemEntries(disk.Path);
        ResizeLoraException exception = Refusal.Of("WriteFailed", () => _bench.Resize(WriteLora("large.safetensors", TooMuch), Recipe));
        Assert.Equal(FaultKind.WriteFailed, exception.Kind);
        Assert.Contains(disk.Path, exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(disk.Path));

        // There is room for the next file.
        OutputFolder.AssertWhole(Assert.Single(_bench.Resize(WriteLora("small.safetensors", 1000), Recipe)).Path);
        Assert.Equal(before.Length + 1, Directory.GetFileSystemEntries(disk.Path).Length);
    }

    private string WriteAdapter(string name, int otherBytes)
    {
        var random = new Random(1);
        return PeftSample.Write(
            _bench.Folder[name],
            new SampleFile()
                .Add("base_model.model.a.lora_B.weight", Matrix.Gaussian(12, 4, random))
                .Add("base_model.model.a.lora_A.weight", Matrix.Gaussian(4, 9, random))
                .AddRaw("others", SafetensorsDType.U8, [otherBytes], new byte[otherBytes]),
            $$"""{"r": 4, "lora_alpha": 16, "padding": "{{new string('x', 20_000)}}"}""");
    }

    private static void Fill(SmallDisk disk)
    {
        using FileStream stream = File.Create(disk["filler"], 1);
        try
        {
            while (true)
                stream.Write(new byte[1024]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private string WriteLora(string name, int otherBytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_bench.Folder[name])!);
        return _bench.WriteLora(Workbench.ThreeLayers().AddRaw("others", SafetensorsDType.U8, [otherBytes], new byte[otherBytes]), name);
    }
}
