using System.Globalization;

namespace ResizeLora.Torch;

/// <summary>Every error of loading libtorch, worded in one place.</summary>
internal static class TorchFault
{
    private const string Remedy = "Install the module again, or, in a checkout, build it again (dotnet build).";

    public static TorchUnavailableException Unsupported(string system) =>
        new(TorchUnavailableReason.UnsupportedPlatform, system, $"LoRA layers can't be decomposed on {system}: libtorch is available for {string.Join(", ", TorchPlatform.All.Select(platform => platform.Identifier))} only.");

    public static TorchUnavailableException ListUnreadable(string path, Exception inner) =>
        new(TorchUnavailableReason.NotInstalled, path, $"The numeric library libtorch is not installed: '{path}' {(inner is FormatException ? $"can't be used: {inner.Message}" : "is missing or can't be read.")} {Remedy}", inner);

    public static TorchUnavailableException FilesMissing(string folder, IEnumerable<string> names) =>
        new(TorchUnavailableReason.NotInstalled, folder, $"The numeric library libtorch is not complete: {string.Join(", ", names)} missing in '{folder}'. {Remedy}");

    public static TorchUnavailableException FileDamaged(string path, long actual, long expected) =>
        new(TorchUnavailableReason.Damaged, path, string.Create(CultureInfo.InvariantCulture, $"'{path}' is damaged: it has {actual:N0} bytes instead of {expected:N0}, so it was not loaded. {Remedy}"));

    public static TorchUnavailableException WrongPlatform(string folder, string system) =>
        new(TorchUnavailableReason.NotInstalled, folder, $"The numeric library libtorch in '{folder}' is not for this system, {system}. Install the module for this system.");

    public static TorchUnavailableException AlreadyLoaded(string path) =>
        new(TorchUnavailableReason.AlreadyLoaded, path, $"Another libtorch is already loaded in this process, from '{path}', and a second one would crash it. Start a new session and use this module first, or use it in a session of its own.");

    public static TorchUnavailableException DeviceMissing(string device, Exception inner) =>
        new(TorchUnavailableReason.DeviceMissing, device, $"The device '{device}' can't be used: {inner.Message}", inner);

    public static TorchUnavailableException LoadFailed(string path, Exception inner) =>
        new(TorchUnavailableReason.LoadFailed, path, $"'{path}' can't be loaded: {inner.Message}", inner);
}
