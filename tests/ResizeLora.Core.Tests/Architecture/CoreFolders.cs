using System.Reflection;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>The folders of ResizeLora.Core, and what the compiled assembly uses of each.</summary>
internal static class CoreFolders
{
    /// <summary>From the ground up.</summary>
    public static readonly string[] Order =
    [
        "Common", "Files", "Safetensors", "Engine", "Adapters", "Checkpoints", "Pairing", "Recipes", "Norms", "Decomposition", "Differences", "Selection", "Output", "Pipeline",
        "Info",
    ];

    public static string Source { get; } =
        typeof(CoreFolders).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "CoreSource").Value!;

    public static FolderMap Map { get; } = FolderMap.Read(typeof(ResizeRecipe).Assembly.Location, Source);
}
