using System.Reflection;

namespace ResizeLora.Testing;

/// <summary>Where test data is.</summary>
internal static class TestPaths
{
    /// <summary>Data that belongs to the tests.</summary>
    public static string Data { get; } = Metadata("TestData");

    /// <summary>Files trained by others, which lie beside a checkout or are absent.</summary>
    public static string RealFiles { get; } = Metadata("RealFiles");

    public static string Golden(string name) => Path.Combine(Data, "golden", name);

    private static string Metadata(string key) => Path.GetFullPath(
        typeof(TestPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!);
}
