using System.Globalization;
using System.Text.RegularExpressions;
using ResizeLora.Selection;

namespace ResizeLora.Writing;

/// <summary>Every error about outputs, worded in one place.</summary>
internal static partial class WritingFault
{
    /// <summary>Fewer bytes would read as 0 MiB.</summary>
    private const long SmallestInMiB = 10 << 10;

    public static ResizeLoraException SameName(string path, string first, string second) =>
        new("OutputNameCollision", FaultKind.InvalidArgument, path, $"'{path}' would be written twice: {first} and {second}. Resize them in separate calls with different -Destination folders, or tell their names apart with {{name}} and {{recipe}} in -OutFile.");

    public static ResizeLoraException WouldOverwriteInput(string path) =>
        new("OutputIsInput", FaultKind.InvalidArgument, path, $"'{path}' is an input of this call or the checkpoint, and these are never overwritten, even with -Force. Choose another -Destination or -OutFile.");

    public static ResizeLoraException OutputDiffers(string path, IReadOnlyList<string> differences) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' already exists{(differences.Count == 0 ? string.Empty : $" but was made with other settings: {string.Join(", ", differences)}")}. Use -Force to overwrite it.");

    public static ResizeLoraException OutputUnknown(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' already exists and does not tell how it was made, so it can't be skipped as the same. Use -Force to overwrite it.");

    public static ResizeLoraException FolderHoldsMore(string folder, string entry) =>
        new("FolderHoldsMore", FaultKind.AlreadyExists, folder, $"The folder '{folder}' holds more than a PEFT adapter, such as '{DisplayText.Of(entry)}', and is not replaced. Move it away, or choose another -Destination or -OutFile.");

    public static ResizeLoraException FileInTheWay(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' is a file, but the output is a folder. Remove or rename the file.");

    public static ResizeLoraException NothingKept(string path, ResizeRecipe recipe) =>
        new("NothingKept", FaultKind.NothingKept, path, $"The recipe '{recipe}' keeps nothing of '{path}', so no file was written. Lower thr or raise size.");

    public static ResizeLoraException BudgetTooSmall(string path, ResizeRecipe recipe, RankLimits limits, long least) =>
        new("BudgetTooSmall", FaultKind.NothingKept, path, string.Create(CultureInfo.InvariantCulture, $"The recipe '{recipe}' can't be met for '{path}': {(limits.Rank is { } rank ? $"the file with layers of rank {rank}" : "what is copied unchanged")} already takes {(least < SmallestInMiB ? $"{least} bytes" : $"{least / 1048576.0:0.###} MiB")}. Raise size, or {(limits.Rank is null ? "use -UnmatchedLayer Drop" : "lower -Rank")}."));

    public static ResizeLoraException DestinationFailed(string path, Exception inner) =>
        new("DestinationNotWritable", KindOf(inner), path, $"The folder '{path}' can't be created or written to: {Reason(path, inner)}", inner);

    public static ResizeLoraException FolderFailed(string input, string folder, Exception inner) =>
        new("DestinationNotWritable", KindOf(inner), input, $"'{input}' was not resized, because its output can't be written to the folder '{folder}': {Reason(folder, inner)} Name another folder with -Destination.", inner);

    public static ResizeLoraException DestinationIsFile(string path) =>
        new("DestinationIsFile", FaultKind.InvalidArgument, path, $"-Destination '{path}' is a file; name a folder, or a file with -OutFile.");

    public static ResizeLoraException DestinationLooksLikeFile(string path) =>
        new("DestinationIsFile", FaultKind.InvalidArgument, path, $"-Destination takes a folder, and '{path}' looks like a file. Name the file with -OutFile.");

    public static ResizeLoraException OutFileIsFolder(string path) =>
        new("OutFileIsFolder", FaultKind.InvalidArgument, path, $"-OutFile '{path}' is a folder; name a file in it, or the folder with -Destination.");

    public static ResizeLoraException OutFileOfFolder(string path, string input) =>
        new("OutFileExtension", FaultKind.InvalidArgument, path, $"'{input}' is the folder of a PEFT adapter, and so will be its output: -OutFile '{path}' names a file. Leave out {OutputName.Extension}.");

    public static ResizeLoraException OutFileInAdapter(string path, string folder) =>
        new("OutFileInAdapter", FaultKind.InvalidArgument, path, $"-OutFile '{path}' would put a LoRA beside the '{Peft.AdapterLocation.ConfigurationName}' of the PEFT adapter '{folder}', whose ranks and alphas are not those of this LoRA. Give the file another name or folder.");

    public static ResizeLoraException OutFileExtension(string path) =>
        new("OutFileExtension", FaultKind.InvalidArgument, path, $"-OutFile '{path}' does not end in {OutputName.Extension}, so loaders would not take it. Write '{path}{OutputName.Extension}', or name a folder with -Destination.");

    public static ResizeLoraException OutFileWithDestination(string path) =>
        new("OutFileWithDestination", FaultKind.InvalidArgument, path, $"-OutFile '{path}' names the folder too, so it can't be combined with -Destination. Leave one of them out.");

    public static ResizeLoraException UnknownPlaceholder(string path, string placeholder) =>
        new("OutFilePlaceholder", FaultKind.InvalidArgument, path, $"-OutFile '{path}' contains the unknown placeholder {placeholder}. Use {{folder}} (the folder of the input), {{name}} (its name) and {{recipe}} (recipe, options and threshold, as in the usual name).");

    public static ResizeLoraException MisplacedPlaceholder(string path) =>
        new("OutFilePlaceholder", FaultKind.InvalidArgument, path, $"In -OutFile '{path}' {{folder}} may stand only at the beginning, and {{recipe}} only in the file name.");

    public static ResizeLoraException OutputNameInvalid(string path, string reason) =>
        new("OutputNameInvalid", FaultKind.InvalidArgument, path, $"'{path}' can't be the name of an output: {reason}. Choose another one with -OutFile.");

    /// <summary>What the system says, in words that users know: not of a file that was made to try the folder.</summary>
    private static string Reason(string folder, Exception exception)
    {
        for (string? parent = folder; parent is not null; parent = System.IO.Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent))
                return $"'{parent}' is a file.";
        }

        return exception is UnauthorizedAccessException ? "Access is denied." : TriedFile().Replace(exception.Message, $"'{folder}'");
    }

    [GeneratedRegex(@"'[^']*\.resizelora\.(tmp|folder)'")]
    private static partial Regex TriedFile();

    private static FaultKind KindOf(Exception exception) =>
        exception is UnauthorizedAccessException ? FaultKind.PermissionDenied : FaultKind.WriteFailed;
}
