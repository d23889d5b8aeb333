using ResizeLora.Peft;
using ResizeLora.Safetensors;
using ResizeLora.Selection;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>Finds what an earlier run has made already, by what the files themselves say.</summary>
internal static class ExistingOutputs
{
    /// <summary>The output of a recipe and of rank options in a folder, or null.</summary>
    public static string? Find(string folder, AdapterLocation input, ResizeRecipe recipe, RankLimits limits, Func<RecordedParameters, bool> isSameWork)
    {
        if (!Directory.Exists(folder))
            return null;

        IEnumerable<string> outputs = input.IsFolder
            ? Directory.EnumerateDirectories(folder).Where(path => MayBe(Path.GetFileName(path) + OutputName.Extension)).Where(AdapterLocation.IsAdapter)
            : Directory.EnumerateFiles(folder, "*" + OutputName.Extension).Where(path => MayBe(Path.GetFileName(path)));
        return outputs.FirstOrDefault(path => Recorded(path) is { } recorded && isSameWork(recorded));

        bool MayBe(string name) => OutputName.MayBe(name, input.Name, recipe, limits);
    }

    /// <summary>A file that can't be read is no output; writing over it will say what is wrong.</summary>
    private static RecordedParameters? Recorded(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(AdapterLocation.Of(path).Weights);
            return OutputMetadata.Recorded(file.Header);
        }
        catch (ResizeLoraException)
        {
            return null;
        }
    }
}
