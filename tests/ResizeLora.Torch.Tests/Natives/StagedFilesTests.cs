using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Natives;

public class StagedFilesTests
{
    [LinuxFact]
    public void The_torch_folder_holds_what_is_needed_and_nothing_else()
    {
        string[] expected =
        [
            "ResizeLora.Torch.dll", "ResizeLora.Torch.pdb", "TorchSharp.dll", "natives.txt", "LICENSE-LIBTORCH.txt",
            "libLibTorchSharp.so", "libc10.so", "libgomp-*.so.1", "libtorch.so", "libtorch_cpu.so",
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_list_tells_the_size_of_every_native_file()
    {
        string[] managed = ["ResizeLora.Torch.dll", "ResizeLora.Torch.pdb", "TorchSharp.dll", "LICENSE-LIBTORCH.txt", TorchPreflight.ListName];
        IEnumerable<string> natives = new DirectoryInfo(BuildPaths.Torch).EnumerateFiles()
            .Where(file => !managed.Contains(file.Name))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Length} {file.Name}");

        Assert.Equal(natives, File.ReadLines(Path.Combine(BuildPaths.Torch, TorchPreflight.ListName)));
    }

    [LinuxFact]
    public void The_staged_library_is_the_patched_one() =>
        Assert.Equal(OriginalLibrary.Patched(), File.ReadAllBytes(Path.Combine(BuildPaths.Torch, "libLibTorchSharp.so")));

    [LinuxFact]
    public void No_native_code_lies_beside_the_tests() =>
        Assert.Empty(Directory.EnumerateFiles(AppContext.BaseDirectory, "*.so*", SearchOption.AllDirectories));

    // The middle of this name is a checksum that changes with the version of libtorch.
    private static IEnumerable<string> Names() =>
        Directory.EnumerateFileSystemEntries(BuildPaths.Torch)
            .Select(path => Path.GetFileName(path)!)
            .Select(name => name.StartsWith("libgomp-", StringComparison.Ordinal) ? "libgomp-*.so.1" : name);
}
