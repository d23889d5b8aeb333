using System.Collections;
using System.Management.Automation;
using ResizeLora.Torch;

namespace ResizeLora.Completion;

/// <summary>Completes devices that this installation can use, judging by its files.</summary>
internal sealed class DeviceCompleter : QuietCompleter
{
    private const string CudaLibrary = "torch_cuda";

    private protected override IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters) =>
        Devices(NumericEngineLoader.Default.Folder, TorchPlatform.Current)
            .Where(device => device.Name.StartsWith(word.Text, StringComparison.OrdinalIgnoreCase))
            .Select(device => new CompletionResult(word.With(device.Name), device.Name, CompletionResultType.ParameterValue, device.Text));

    /// <summary>The devices that the libraries in a folder can compute on.</summary>
    internal static IEnumerable<(string Name, string Text)> Devices(string folder, TorchPlatform? platform)
    {
        yield return ("cpu", "The processor.");
        if (platform is not null && File.Exists(Path.Combine(folder, platform.FileName(CudaLibrary))))
            yield return ("cuda", "The first NVIDIA graphics card.");
    }
}
