using System.Globalization;
using ResizeLora.Selection;

namespace ResizeLora.Writing;

/// <summary>Every error about outputs, worded in one place.</summary>
internal static class WritingFault
{
    public static ResizeLoraException SameName(string path, string first, string second) =>
        new("OutputNameCollision", FaultKind.InvalidArgument, path, $"'{path}' would be written twice: {first} and {second}. Nothing was done. Resize them in separate calls with different -Destination folders.");

    public static ResizeLoraException WouldOverwriteInput(string path) =>
        new("OutputIsInput", FaultKind.InvalidArgument, path, $"'{path}' is an input of this call (or the checkpoint) and is never overwritten, not even with -Force. Choose another -Destination.");

    public static ResizeLoraException FolderHoldsMore(string folder, string entry) =>
        new("FolderHoldsMore", FaultKind.AlreadyExists, folder, $"The folder '{folder}' holds more than a PEFT adapter, such as '{DisplayText.Of(entry)}', and is not replaced. Move it away, or choose another -Destination.");

    public static ResizeLoraException FileInTheWay(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' is a file, but the output is a folder. Remove or rename the file.");

    public static ResizeLoraException NothingKept(string path, ResizeRecipe recipe) =>
        new("NothingKept", FaultKind.NothingKept, path, $"The recipe '{recipe}' keeps nothing of '{path}', so no file was written. Lower thr or raise size.");

    public static ResizeLoraException BudgetTooSmall(string path, ResizeRecipe recipe, RankLimits limits, long least) =>
        new("BudgetTooSmall", FaultKind.NothingKept, path, string.Create(CultureInfo.InvariantCulture, $"The recipe '{recipe}' can't be met for '{path}': {(limits.Rank is { } rank ? $"the file with layers of rank {rank}" : "what is copied unchanged")} already takes {least / 1048576.0:0.###} MiB. Raise size, or {(limits.Rank is null ? "use -UnmatchedLayer Drop" : "lower -Rank")}."));

    public static ResizeLoraException DestinationFailed(string path, Exception inner) =>
        new("DestinationNotWritable", inner is UnauthorizedAccessException ? FaultKind.PermissionDenied : FaultKind.WriteFailed, path, $"The folder '{path}' can't be made or written to: {inner.Message}", inner);

    public static ResizeLoraException DestinationIsFile(string path) =>
        new("DestinationIsFile", FaultKind.InvalidArgument, path, $"-Destination '{path}' is a file; name a folder.");
}
