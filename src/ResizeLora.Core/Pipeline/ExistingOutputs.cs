using ResizeLora.Safetensors;
using ResizeLora.Selection;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>Finds what an earlier run has made already, by what the files themselves say.</summary>
internal static class ExistingOutputs
{
    /// <summary>The output of a recipe and of rank options in a folder, or null.</summary>
    public static string? Find(string folder, string inputName, ResizeRecipe recipe, RankLimits limits, Func<RecordedParameters, bool> isSameWork)
    {
        if (!Directory.Exists(folder))
            return null;

        return Directory.EnumerateFiles(folder, "*" + OutputName.Extension)
            .Where(path => OutputName.MayBe(Path.GetFileName(path), inputName, recipe, limits))
            .FirstOrDefault(path => Recorded(path) is { } recorded && isSameWork(recorded));
    }

    /// <summary>A file that can't be read is no output; writing over it will say what is wrong.</summary>
    private static RecordedParameters? Recorded(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return OutputMetadata.Recorded(file.Header);
        }
        catch (ResizeLoraException)
        {
            return null;
        }
    }
}
