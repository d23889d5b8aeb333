using System.Globalization;
using System.Text.RegularExpressions;
using ResizeLora.Adapters;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>Every error about outputs, worded in one place.</summary>
internal static partial class OutputErrors
{
    public static ResizeLoraException SameWork(string path, string first, string second) =>
        new("OutputNameCollision", FaultKind.InvalidArgument, path, $"'{path}' would be written twice: {first} and {second}. These recipes are equivalent. Leave one of them out.");

    public static ResizeLoraException SameName(string path, string first, string second) =>
        new("OutputNameCollision", FaultKind.InvalidArgument, path, $"'{path}' would be written twice: {first} and {second}. Resize them in separate calls with different -Destination folders, or give them different names with {{name}} and {{recipe}} in -OutFile.");

    public static ResizeLoraException WouldOverwriteInput(string path) =>
        new("OutputIsInput", FaultKind.InvalidArgument, path, $"'{path}' is an input of this call or the checkpoint, and these are never overwritten, even with -Force. Choose another -Destination or -OutFile.");

    public static ResizeLoraException OutputDiffers(string path, IReadOnlyList<string> differences) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' already exists{(differences.Count == 0 ? string.Empty : $" but was made with other settings: {string.Join(", ", differences)}")}. Use -Force to overwrite it.");

    public static ResizeLoraException OutputUnknown(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' already exists but does not record how it was made, so it can't be skipped. Use -Force to overwrite it.");

    public static ResizeLoraException OutputIsNotOurs(string path, string kind) => NotOurs("OutputIsNotOurs", path, kind);

    /// <summary>The same before -Force was given: it would be bad advice.</summary>
    public static ResizeLoraException ForeignFileExists(string path, string kind) => NotOurs("OutputExists", path, kind);

    public static ResizeLoraException FolderHoldsMore(string folder, string entry) =>
        new("FolderHoldsMore", FaultKind.AlreadyExists, folder, $"The folder '{folder}' contains more than a PEFT adapter, such as '{DisplayText.Of(entry)}', and is not replaced. Move it away, or choose another -Destination or -OutFile.");

    public static ResizeLoraException FileInTheWay(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' is a file, but the output is a folder. Remove or rename the file.");

    /// <param name="path">The input.</param>
    /// <param name="recipe">The recipe that keeps nothing of it.</param>
    /// <param name="best">The best score that any singular value has; null if all layers are zero.</param>
    /// <param name="least">Bytes of the file with that singular value alone.</param>
    public static ResizeLoraException NothingKept(string path, ResizeRecipe recipe, double? best, long least)
    {
        string advice = best is null ? "All of its layers are zero, so there is nothing to keep."
            : recipe.Threshold > best ? string.Create(CultureInfo.InvariantCulture, $"Its best score is {RoundedDown(best.Value)}{(recipe.Threshold > 0 ? $": is a minus missing, as in thr={-recipe.Threshold}?" : ". Lower thr to that or less.")}")
            : recipe.SizeMiB is not null ? $"With less than {SizeInMiB(least)} MiB there is no room for any singular value. Raise size to that."
            : $"{More(recipe)}.";
        return new("NothingKept", FaultKind.NothingKept, path, $"The recipe '{recipe}' keeps nothing of '{path}', so no file was written. {advice}");
    }

    /// <param name="path">The input.</param>
    /// <param name="recipe">The recipe that can't be met.</param>
    /// <param name="limits">The limits on ranks.</param>
    /// <param name="copied">Bytes of the file that keeps nothing.</param>
    /// <param name="least">Bytes of the file that keeps one singular value.</param>
    /// <param name="hasUnmatched">Whether layers without a partner are a part of that.</param>
    public static ResizeLoraException BudgetTooSmall(string path, ResizeRecipe recipe, RankLimits limits, long copied, long least, bool hasUnmatched) =>
        new("BudgetTooSmall", FaultKind.NothingKept, path, $"The recipe '{recipe}' can't be met for '{path}': {(limits.Rank is { } rank ? $"the file with layers of rank {rank}" : "what can't be left out")} already takes {SizeInMiB(copied)} MiB. Raise size to {SizeInMiB(least)} or more{(limits.Rank is not null ? ", or lower -Rank" : hasUnmatched ? ", or use -UnmatchedLayer Drop" : string.Empty)}.");

    /// <param name="path">The input.</param>
    /// <param name="record">How the output would be made.</param>
    /// <param name="error">The relative error of the file that keeps everything.</param>
    public static ResizeLoraException ErrorTooSmall(string path, OutputRecord record, double error) =>
        new("ErrorLimitTooSmall", FaultKind.InvalidArgument, path, string.Create(CultureInfo.InvariantCulture, $"The recipe '{record.Recipe}' can't be met for '{path}': even with every singular value, -Precision {record.Precision} has a relative error of {RoundedUp(error)}. Raise error to that or more, or use a finer -Precision."));

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
        new("OutFileExtension", FaultKind.InvalidArgument, path, $"'{input}' is the folder of a PEFT adapter, and so is its output, but -OutFile '{path}' names a file. Leave out {SafetensorsFile.Extension}.");

    public static ResizeLoraException OutFileInAdapter(string path, string folder) =>
        new("OutFileInAdapter", FaultKind.InvalidArgument, path, $"-OutFile '{path}' would put a LoRA next to the '{AdapterLocation.ConfigurationName}' of the PEFT adapter '{folder}', whose ranks and alphas are not those of this LoRA. Give the file another name or folder.");

    public static ResizeLoraException OutFileExtension(string path) =>
        new("OutFileExtension", FaultKind.InvalidArgument, path, $"-OutFile '{path}' does not end in {SafetensorsFile.Extension}, so loaders would ignore it. Write '{path}{SafetensorsFile.Extension}', or name a folder with -Destination.");

    public static ResizeLoraException OutFileWithDestination(string path) =>
        new("OutFileWithDestination", FaultKind.InvalidArgument, path, $"-OutFile '{path}' names the folder too, so it can't be combined with -Destination. Leave one of them out.");

    public static ResizeLoraException UnknownPlaceholder(string path, string placeholder) =>
        new("OutFilePlaceholder", FaultKind.InvalidArgument, path, $"-OutFile '{path}' contains the unknown placeholder {placeholder}. Use {{folder}} (the folder of the input), {{name}} (its name) and {{recipe}} (recipe, options and threshold, as in the default name).");

    public static ResizeLoraException MisplacedPlaceholder(string path) =>
        new("OutFilePlaceholder", FaultKind.InvalidArgument, path, $"In -OutFile '{path}' {{folder}} may come only at the beginning, and {{recipe}} only in the file name.");

    private static ResizeLoraException NotOurs(string errorId, string path, string kind) =>
        new(errorId, FaultKind.AlreadyExists, path, $"'{path}' already exists and {kind}. -Force replaces only files that ResizeLora made. Choose another name with -OutFile or -Destination, or remove it first.");

    /// <summary>A size in as few decimals as possible, never rounded down.</summary>
    private static string SizeInMiB(long bytes)
    {
        double size = bytes / 1048576.0;
        double step = Math.Pow(10, Math.Floor(Math.Log10(size)) - 2);
        return ((decimal)Math.Ceiling(size / step) * (decimal)step).ToString("0.#########", CultureInfo.InvariantCulture);
    }

    /// <summary>Two digits, never rounded down.</summary>
    private static string RoundedUp(double error)
    {
        double step = Math.Pow(10, Math.Floor(Math.Log10(error)) - 1);
        return ((decimal)Math.Ceiling(error / step) * (decimal)step).ToString("0.###############", CultureInfo.InvariantCulture);
    }

    private static string More(ResizeRecipe recipe) =>
        string.Join(" or ", recipe.Rules.Select(rule => rule.Key.ToKeepMore)) is var advice ? char.ToUpperInvariant(advice[0]) + advice[1..] : string.Empty;

    private static string RoundedDown(double score) => (Math.Floor(score * 100) / 100).ToString("0.##", CultureInfo.InvariantCulture);
    public static ResizeLoraException OutputNameInvalid(string path, string reason) =>
        new("OutputNameInvalid", FaultKind.InvalidArgument, path, $"'{path}' can't be the name of an output: {reason}. Choose another one with -OutFile.");

    /// <summary>The system's message in the user's terms: without the name of the temporary file that was used to try the folder.</summary>
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
