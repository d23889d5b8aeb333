using System.Collections;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using ResizeLora.Adapters;
using ResizeLora.Commands;

namespace ResizeLora.Completion;

/// <summary>The files and the folders of PEFT adapters that a command line which is being typed names by -Path or -LiteralPath.</summary>
internal static class NamedFiles
{
    public static IEnumerable<string> Of(IDictionary boundParameters)
    {
        PathIntrinsics paths = new SessionState().Path;
        IEnumerable<string> byPattern = Values(boundParameters, nameof(PipelineCommand.Path)).SelectMany(path => Resolve(paths, path));
        IEnumerable<string> literal = Values(boundParameters, nameof(PipelineCommand.LiteralPath)).Select(paths.GetUnresolvedProviderPathFromPSPath);
        return byPattern.Concat(literal).Where(path => File.Exists(path) || AdapterLocation.IsAdapter(path));
    }

    private static IEnumerable<string> Resolve(PathIntrinsics paths, string path)
    {
        try
        {
            IEnumerable<string> files = paths.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            return provider.ImplementingType == typeof(FileSystemProvider) ? files : [];
        }
        catch (SessionStateException)
        {
            // Half a path is typed often.
            return [];
        }
    }

    private static string[] Values(IDictionary boundParameters, string name) =>
        boundParameters[name] is { } value && LanguagePrimitives.TryConvertTo(value, out string[] paths) ? paths : [];
}
