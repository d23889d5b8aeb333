using System.Text;
using System.Text.RegularExpressions;
using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>
/// Where outputs are written: a folder and a file name, in which <c>{folder}</c>, <c>{name}</c> and <c>{recipe}</c> stand for the
/// input's folder, its name without extension, and the words of <see cref="OutputName"/>.
/// </summary>
internal sealed partial class OutputPath
{
    private const string FolderMark = "{folder}";
    private const string NameMark = "{name}";
    private const string RecipeMark = "{recipe}";
    private const string UsualName = $"{NameMark}_{RecipeMark}";

    /// <summary>The longest file name that most file systems allow.</summary>
    private const int LongestName = 255;

    private static readonly string[] ModelExtensions = [SafetensorsFile.Extension, ".gguf", ".ckpt", ".pt", ".pth", ".bin"];

    private readonly string _folder;
    private readonly string _name;
    private readonly bool _isUsual;

    private OutputPath(string folder, string name, bool isUsual)
    {
        _folder = folder;
        _name = name;
        _isUsual = isUsual;
    }

    /// <summary>The placeholders of a path, whether they may only come first, and what they mean.</summary>
    public static IReadOnlyList<(string Mark, bool IsFirst, string Meaning)> Placeholders { get; } =
    [
        (FolderMark, true, "The folder of the input."),
        (NameMark, false, "The name of the input, without its extension."),
        (RecipeMark, false, "The recipe, the options and the threshold, as in the default name."),
    ];

    /// <summary>Next to each input, under the default name.</summary>
    public static OutputPath Beside { get; } = new(FolderMark, UsualName, isUsual: true);

    /// <summary>The folder, where all outputs go to one; else null.</summary>
    public string? OnlyFolder { get; private init; }

    /// <summary>Whether the recipe, and with it a threshold that may yet have to be found, is a part of the name.</summary>
    public bool NamesRecipe => _name.Contains(RecipeMark, StringComparison.Ordinal);

    /// <summary>In a folder, by the usual name.</summary>
    /// <exception cref="ResizeLoraException">It is, or looks like, a file.</exception>
    public static OutputPath In(string folder)
    {
        if (File.Exists(folder))
            throw OutputErrors.DestinationIsFile(folder);

        return !Directory.Exists(folder) && Array.Exists(ModelExtensions, extension => folder.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            ? throw OutputErrors.DestinationLooksLikeFile(folder)
            : new OutputPath(folder, UsualName, isUsual: true) { OnlyFolder = folder };
    }

    /// <summary>As a path says, whose place-holders have their values put in.</summary>
    /// <param name="path">A full path, or one that begins with {folder}.</param>
    /// <exception cref="ResizeLoraException">The path can't be the name of an output.</exception>
    public static OutputPath Of(string path)
    {
        string text = Mark().Replace(path, mark => mark.Value.ToLowerInvariant());
        string folder = Path.GetDirectoryName(text) ?? string.Empty;
        string name = Path.GetFileName(text);
        if (name.Length == 0)
            throw OutputErrors.OutFileIsFolder(path);
        if (path.Contains('\0', StringComparison.Ordinal))
            throw OutputErrors.OutputNameInvalid(path, "it contains a NUL character");
        if (Mark().Matches(text).FirstOrDefault(mark => mark.Value is not (FolderMark or NameMark or RecipeMark)) is { } unknown)
            throw OutputErrors.UnknownPlaceholder(path, unknown.Value);
        if (text.LastIndexOf(FolderMark, StringComparison.Ordinal) > 0 || folder.Contains(RecipeMark, StringComparison.Ordinal))
            throw OutputErrors.MisplacedPlaceholder(path);

        return new OutputPath(folder, name, isUsual: false) { OnlyFolder = Mark().IsMatch(folder) ? null : folder };
    }

    /// <summary>Whether a path, as a user wrote it, begins with the input's folder and so is relative to nothing else.</summary>
    public static bool IsBesideInput(string path) => path.StartsWith(FolderMark, StringComparison.OrdinalIgnoreCase);

    /// <summary>The folder that an input's outputs go to.</summary>
    public string FolderOf(AdapterLocation input) => OnlyFolder ?? Path.GetFullPath(Filled(_folder, input, string.Empty));

    /// <summary>The path of an output that is made in some way.</summary>
    /// <exception cref="ResizeLoraException">It is named as a file and is a folder, or the other way round.</exception>
    public string For(AdapterLocation input, OutputRecord record) => Of(input, OutputName.Words(record));

    /// <summary>The path of an output: of a file, or of a folder where the input is one.</summary>
    /// <exception cref="ResizeLoraException">It is named as the other.</exception>
    public string Of(AdapterLocation input, string words)
    {
        string target = Path.Combine(FolderOf(input), Filled(_name, input, words) + ExtensionFor(input));
        if (_isUsual)
            return target;
        if (Encoding.UTF8.GetByteCount(Path.GetFileName(target)) > LongestName)
            throw OutputErrors.OutputNameInvalid(target, $"it has more than {LongestName} bytes");
        if (!input.IsFolder && Directory.Exists(target))
            throw OutputErrors.OutFileIsFolder(target);
        if (!input.IsFolder && AdapterLocation.FolderOfWeights(target) is { } adapter)
            throw OutputErrors.OutFileInAdapter(target, adapter);

        return input.IsFolder != target.EndsWith(SafetensorsFile.Extension, StringComparison.OrdinalIgnoreCase) ? target
            : throw (input.IsFolder ? OutputErrors.OutFileOfFolder(target, input.Path) : OutputErrors.OutFileExtension(target));
    }

    /// <summary>How the names of an input's outputs begin and end, whatever the recipe.</summary>
    public (string Begin, string End) NamesOf(AdapterLocation input)
    {
        string[] parts = _name.Split(RecipeMark);
        return (Filled(parts[0], input, string.Empty), Filled(parts[^1], input, string.Empty) + ExtensionFor(input));
    }

    private string ExtensionFor(AdapterLocation input) => _isUsual && !input.IsFolder ? SafetensorsFile.Extension : string.Empty;

    /// <summary>In one pass: what is put in may look like a place-holder.</summary>
    private static string Filled(string text, AdapterLocation input, string words) => Mark().Replace(text, mark => mark.Value switch
    {
        FolderMark => Path.GetDirectoryName(input.Path) ?? input.Path,
        NameMark => input.Name,
        RecipeMark => words,
        _ => mark.Value,
    });

    /// <summary>Letters only: a folder's name may contain a number in braces.</summary>
    [GeneratedRegex(@"\{[A-Za-z]+\}")]
    private static partial Regex Mark();
}
