using System.Reflection;
using System.Runtime.Loader;

namespace ResizeLora.Cmdlet.Tests;

/// <summary>The module as the build left it.</summary>
internal static class BuiltModule
{
    /// <summary>Full path of ResizeLora.psd1.</summary>
    public static string Manifest { get; } = Metadata("ModuleManifest");

    /// <summary>The folder of ResizeLora.dll.</summary>
    public static string Directory { get; } = Metadata("ModuleDirectory");

    /// <summary>
    /// Import-Module loads the assemblies of the module from this folder into the default context. With this the tests find the
    /// same files in the same context, so that a ResizeRecipe of a test is a ResizeRecipe of the module.
    /// </summary>
    internal static void ResolveAssemblies() => AssemblyLoadContext.Default.Resolving += (context, name) =>
    {
        string file = Path.Combine(Directory, name.Name + ".dll");
        return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
    };

    private static string Metadata(string key) =>
        typeof(BuiltModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
