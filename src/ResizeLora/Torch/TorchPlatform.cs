using System.Runtime.InteropServices;

namespace ResizeLora.Torch;

/// <summary>
/// A system that libtorch exists for, the names of native libraries there, and in which order they are loaded, so that
/// an error names the one that is at fault.
/// </summary>
internal sealed record TorchPlatform(string Identifier, string Prefix, string Suffix, IReadOnlyList<string> LoadOrder)
{
    /// <summary>The library that may be in a process only once.</summary>
    public const string TorchLibrary = "torch_cpu";

    /// <summary>TorchSharp's own library, which needs all others.</summary>
    public const string BindingLibrary = "LibTorchSharp";

    public static IReadOnlyList<TorchPlatform> All { get; } =
    [
        new("linux-x64", "lib", ".so", ["c10", TorchLibrary, "torch", BindingLibrary]),
        new("win-x64", string.Empty, ".dll", ["libiomp5md", "c10", TorchLibrary, "torch", BindingLibrary]),

        // libtorch_cpu names OpenMP by its place in Homebrew's folder, where it need not be; one that is loaded already
        // under that name serves too. The others find each other only through the search path of TorchSharp's library.
        new("osx-arm64", "lib", ".dylib", ["omp", BindingLibrary]),
    ];

    /// <summary>The system that this process runs on, in .NET's terms.</summary>
    public static string System { get; } = DescribeSystem();

    /// <summary>The platform of this process; null if libtorch doesn't exist for it.</summary>
    public static TorchPlatform? Current => All.FirstOrDefault(platform => platform.Identifier == System);

    public string FileName(string library) => Prefix + library + Suffix;

    private static string DescribeSystem()
    {
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return true switch
        {
            _ when OperatingSystem.IsWindows() => $"win-{architecture}",
            _ when OperatingSystem.IsMacOS() => $"osx-{architecture}",

            // libtorch is linked against glibc; distributions on musl, such as Alpine, can't load it.
            _ when OperatingSystem.IsLinux() && IsMusl() => $"linux-musl-{architecture}",
            _ when OperatingSystem.IsLinux() => $"linux-{architecture}",
            _ => RuntimeInformation.RuntimeIdentifier,
        };
    }

    private static bool IsMusl() =>
        RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal);
}
