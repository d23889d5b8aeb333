using System.Reflection;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>Paths that the build knows and wrote into this assembly.</summary>
internal static class BuildPaths
{
    /// <summary>The staged torch folder of the repository's module.</summary>
    public static string Torch { get; } = Path.Combine(Metadata("ModuleDirectory"), "torch");

    /// <summary>TorchSharp's library for Linux, as its package has it.</summary>
    public static string OriginalLibrary { get; } = Metadata("OriginalLibrary");

    private static string Metadata(string key) =>
        typeof(BuildPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
