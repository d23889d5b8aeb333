using ResizeLora.Files;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Natives;

public class TorchPreflightTests
{
    private static readonly TorchPlatform Linux = TorchPlatform.All[0];
    private static readonly string[] Files = ["libc10.so", "libtorch_cpu.so", "libtorch.so", "libgomp-0.so.1", "libLibTorchSharp.so"];

    [Fact]
    public void Each_missing_file_is_named_with_the_remedy()
    {
        foreach (string name in Files.Concat(["TorchSharp.dll", "ResizeLora.Torch.dll"]))
        {
            using TemporaryFolder folder = FakeTorch();
            File.Delete(folder[name]);

            TorchUnavailableException exception = Refused(TorchUnavailableReason.NotInstalled, folder);

            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
            Assert.Contains("again", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1001)]
    public void A_file_of_another_size_is_not_loaded_and_named_with_both_sizes(int size)
    {
        foreach (string name in Files)
        {
            using TemporaryFolder folder = FakeTorch(1000);
            File.WriteAllBytes(folder[name], new byte[size]);

            TorchUnavailableException exception = Refused(TorchUnavailableReason.Damaged, folder);

            Assert.Equal(folder[name], exception.Target);
            Assert.Contains($"{size:N0} bytes instead of 1,000", exception.Message, StringComparison.Ordinal);
            Assert.Contains("again", exception.Message, StringComparison.Ordinal);
        }
    }

    [LinuxFact]
    public void A_libtorch_cut_short_is_an_error_and_not_the_end_of_the_process()
    {
        using TemporaryFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(BuildPaths.Torch))
            File.CreateSymbolicLink(folder[Path.GetFileName(file)], file);
        string library = folder["libtorch_cpu.so"];
        File.Delete(library);
        using (FileStream whole = File.OpenRead(Path.Combine(BuildPaths.Torch, "libtorch_cpu.so")))
        using (FileStream part = File.Create(library))
        {
            byte[] start = new byte[1 << 20];
            whole.ReadExactly(start);
            part.Write(start);
        }

        var exception = Assert.Throws<TorchUnavailableException>(() => new NumericEngineLoader(folder.Path).Engine);

        Assert.Equal((TorchUnavailableReason.Damaged, library), (exception.Reason, exception.Target));
    }

    [Theory]
    [InlineData("libc10.so")]
    [InlineData("many libc10.so")]
    [InlineData("-1 libc10.so")]
    public void A_list_that_says_something_else_is_not_installed(string line)
    {
        using TemporaryFolder folder = FakeTorch();
        File.WriteAllText(folder[TorchPreflight.ListName], line);

        Assert.Contains(TorchPreflight.ListName, Refused(TorchUnavailableReason.NotInstalled, folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_the_list_is_not_installed()
    {
        using TemporaryFolder folder = new();

        Assert.Contains(TorchPreflight.ListName, Refused(TorchUnavailableReason.NotInstalled, folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_another_platform_are_not_installed()
    {
        using TemporaryFolder folder = FakeTorch();

        Assert.Contains("win-x64", Refused(TorchUnavailableReason.NotInstalled, folder, TorchPlatform.All[1]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_system_without_libtorch_is_unsupported()
    {
        using TemporaryFolder folder = FakeTorch();

        TorchUnavailableException exception = Assert.Throws<TorchUnavailableException>(() => new TorchPreflight(folder.Path, platform: null, () => []).Run());

        Assert.Equal(TorchUnavailableReason.UnsupportedPlatform, exception.Reason);
        Assert.Contains("linux-x64, win-x64, osx-arm64", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_libtorch_from_elsewhere_is_named()
    {
        using TemporaryFolder folder = FakeTorch();
        using TemporaryFolder other = new();

        TorchUnavailableException exception = Refused(TorchUnavailableReason.AlreadyLoaded, folder, Linux, folder["libc10.so"], other["libtorch_cpu.so"]);

        Assert.Equal(other["libtorch_cpu.so"], exception.Target);
        Assert.Contains("new session", exception.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Our_own_libtorch_is_known_through_a_link_too()
    {
        using TemporaryFolder folder = FakeTorch();
        using TemporaryFolder links = new();
        Directory.CreateSymbolicLink(links["module"], folder.Path);

        // The files are no libraries, so the step after this check is the one that fails.
        Refused(TorchUnavailableReason.LoadFailed, links["module"], Linux, folder["libtorch_cpu.so"]);
    }

    [LinuxFact]
    public void What_does_not_load_is_named_with_the_systems_reason()
    {
        using TemporaryFolder folder = FakeTorch();

        TorchUnavailableException exception = Refused(TorchUnavailableReason.LoadFailed, folder);

        Assert.Equal(folder["libc10.so"], exception.Target);
        Assert.Contains("too short", exception.Message, StringComparison.Ordinal);
        Assert.NotNull(exception.InnerException);
    }

    [LinuxFact]
    public void The_built_module_passes_and_keeps_its_handles()
    {
        NativeLibraries libraries = new TorchPreflight(BuildPaths.Torch, TorchPlatform.Current, LoadedModules.Paths).Run();

        Assert.Equal(libraries.Load("LibTorchSharp"), libraries.Load("LibTorchSharp"));
        Assert.Contains(LoadedModules.Paths(), path => RealPath.Same(path, Path.Combine(BuildPaths.Torch, "libLibTorchSharp.so")));
    }

    [Fact]
    public void Libraries_of_others_are_not_ours()
    {
        using TemporaryFolder folder = FakeTorch();
        NativeLibraries libraries = new(folder.Path, Linux);

        Assert.Null(libraries.Find("SkiaSharp"));
        Assert.Equal(folder["libtorch_cpu.so"], libraries.Find("torch_cpu"));
        Assert.Equal(folder["libgomp-0.so.1"], libraries.Find("libgomp-0.so.1"));
    }

    private static TemporaryFolder FakeTorch(int size = 0)
    {
        TemporaryFolder folder = new();
        File.WriteAllLines(folder[TorchPreflight.ListName], Files.Select(name => $"{size} {name}"));
        foreach (string name in Files.Concat(["TorchSharp.dll", "ResizeLora.Torch.dll"]))
        {
            File.WriteAllBytes(folder[name], new byte[size]);
        }

        return folder;
    }

    private static TorchUnavailableException Refused(TorchUnavailableReason reason, TemporaryFolder folder) => Refused(reason, folder.Path, Linux);

    private static TorchUnavailableException Refused(TorchUnavailableReason reason, TemporaryFolder folder, TorchPlatform platform, params string[] loaded) =>
        Refused(reason, folder.Path, platform, loaded);

    private static TorchUnavailableException Refused(TorchUnavailableReason reason, string folder, TorchPlatform platform, params string[] loaded)
    {
        TorchUnavailableException exception = Assert.Throws<TorchUnavailableException>(() => new TorchPreflight(folder, platform, () => loaded).Run());
        Assert.Equal(reason, exception.Reason);
        return exception;
    }
}
