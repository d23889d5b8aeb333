using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>What -Force may replace: resized files, by their metadata, and nothing else. A base model may have any name.</summary>
internal static class ReplaceableOutput
{
    /// <summary>Checks that whatever has an output's name may be replaced.</summary>
    /// <param name="target">The output's path; nothing needs to be there.</param>
    /// <param name="isFolder">Whether the output is a folder.</param>
    /// <exception cref="ResizeLoraException">Something is there that is not an earlier output.</exception>
    public static void Ensure(string target, bool isFolder)
    {
        if (isFolder && File.Exists(target))
            throw OutputErrors.FileInTheWay(target);
        if (isFolder && Directory.Exists(target) && AdapterLocation.ForeignEntry(target) is { } entry)
            throw OutputErrors.FolderHoldsMore(target, entry);
        if (WhatElse(target, isFolder) is { } kind)
            throw OutputErrors.OutputIsNotOurs(target, kind);
    }

    /// <summary>Describes what has an output's name without being an earlier output; null if there is nothing, or an earlier output.</summary>
    public static string? WhatElse(string target, bool isFolder)
    {
        if (!isFolder)
            return Directory.Exists(target) ? "is a folder" : WhatElse(target);

        // An empty folder contains nothing to lose.
        return Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && WhatElse(Path.Combine(target, AdapterLocation.WeightsName)) is { } kind
            ? $"contains a file that {kind}"
            : null;
    }

    private static string? WhatElse(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return OutputMetadata.IsResized(file.Header) ? null
                : OtherModel.Describe(file.Header) is { } kind ? $"is {kind}"
                : "was not resized by ResizeLora";
        }
        catch (ResizeLoraException exception)
        {
            // A broken link was made for a reason too.
            return exception.Kind == FaultKind.NotFound ? new FileInfo(path).LinkTarget is { } link ? $"is a link to '{DisplayText.Message(link)}', which does not exist" : null
                : exception.Kind == FaultKind.InvalidData ? "is not a safetensors file that can be read"
                : "can't be read";
        }
    }
}
