using System.Collections;
using System.Globalization;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Files;

namespace ResizeLora.Arguments;

/// <summary>Recognises what Select-Object, Export-Clixml, a background job, JSON or CSV leave of a layer, and reads it.</summary>
internal static class LayerCopy
{
    private static readonly string TypeName = typeof(DecomposedLayer).FullName!;

    /// <summary>The file that was looked into last, and its layers: copies of layers come by the hundred.</summary>
    private static LookedInto? _last;

    /// <summary>What a copy of a layer says; null if it is something else.</summary>
    public static LayerReference? Read(PSObject copy, PathIntrinsics paths)
    {
        if (copy.BaseObject is IDictionary dictionary)
            copy = Object(dictionary);
        bool hasSpectrum = copy.Properties[nameof(DecomposedLayer.SingularValues)] is not null;
        if (!hasSpectrum && copy.BaseObject is not PSCustomObject)
            return null;

        string name = Text(copy, nameof(DecomposedLayer.Name));
        string path = FullPath(Text(copy, nameof(DecomposedLayer.Path)), paths);
        if (!hasSpectrum && !copy.TypeNames.Any(type => type.EndsWith(TypeName, StringComparison.Ordinal)) && !IsLayerOf(path, name))
            return null;

        try
        {
            return new LayerReference(path, name)
            {
                Digest = Text(copy, nameof(DecomposedLayer.Digest)) is { Length: > 0 } digest ? digest : null,
                SingularValues = hasSpectrum ? Numbers(copy.Properties[nameof(DecomposedLayer.SingularValues)].Value) : null,
                Recipes = copy.Properties[nameof(DecomposedLayer.Recipes)] is { } recipes ? Recipes(recipes.Value) : null,
                BaseNorms = Norm(copy, nameof(DecomposedLayer.BaseSpectralNorm)) is { } spectral && Norm(copy, nameof(DecomposedLayer.BaseFrobeniusNorm)) is { } frobenius ? new MatrixNorms(spectral, frobenius) : null,
                Checkpoint = [.. Paths(copy.Properties[nameof(DecomposedLayer.Checkpoint)]?.Value).Select(file => FullPath(file, paths))],
            };
        }
        catch (Exception exception) when (exception is ResizeLoraException or FormatException or ArgumentTransformationMetadataException)
        {
            return new LayerReference(path, name) { Fault = exception.Message.TrimEnd('.') };
        }
    }

    /// <summary>Whether an object is, or looks like, a layer; without a look into any file.</summary>
    public static bool IsAny(PSObject item) =>
        item.BaseObject is DecomposedLayer || (item.BaseObject is IDictionary dictionary ? Object(dictionary) : item).Properties[nameof(DecomposedLayer.SingularValues)] is not null;

    /// <summary>A dictionary, such as ConvertFrom-Json makes with -AsHashtable, as an object.</summary>
    private static PSObject Object(IDictionary dictionary)
    {
        var result = new PSObject();
        foreach (DictionaryEntry entry in dictionary)
            result.Properties.Add(new PSNoteProperty(entry.Key.ToString(), entry.Value));
        return result;
    }

    /// <summary>A name and a path may be those of a file. They are a layer's where the file has a layer of that name.</summary>
    private static bool IsLayerOf(string path, string name)
    {
        if (name.Length == 0 || !(File.Exists(path) || AdapterLocation.IsAdapter(path)))
            return false;

        try
        {
            using var source = AdapterSource.Open(path);
            if (_last is not { } last || last.Version != source.File.Version)
                _last = last = new LookedInto(source.File.Version, AdapterContents.Read(source).Layers.Select(layer => layer.Name).ToHashSet(StringComparer.Ordinal));
            return last.Layers.Contains(name);
        }
        catch (ResizeLoraException)
        {
            // Problems with the file are reported when it is resized.
            return false;
        }
    }

    private static string Text(PSObject copy, string property) =>
        copy.Properties[property]?.Value is { } value ? LanguagePrimitives.ConvertTo<string>(value) : string.Empty;

    private static double? Norm(PSObject copy, string property) =>
        copy.Properties[property]?.Value is { } value and not "" ? Number(value, property) : null;

    private static string FullPath(string path, PathIntrinsics paths)
    {
        try
        {
            return path.Length == 0 ? path : paths.GetUnresolvedProviderPathFromPSPath(path);
        }
        catch (SessionStateException)
        {
            // Opening it will say what is wrong.
            return path;
        }
    }

    private static IReadOnlyList<ResizeRecipe> Recipes(object? value) => value switch
    {
        null or "" => [],
        _ => [.. RecipeTransformationAttribute.Of(value)],
    };

    private static IReadOnlyList<double> Numbers(object? value) =>
        [.. Items(value, text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(item => Number(item, nameof(DecomposedLayer.SingularValues)))];

    private static double Number(object? item, string property)
    {
        object? value = ShellValue.Unwrap(item);
        return value is IConvertible number && double.TryParse(number.ToString(CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out double result)
            ? result
            : throw new FormatException($"its {property} have '{value}', which is not a number");
    }

    private static IEnumerable<string> Paths(object? value) => Items(value, ReadablePaths.Parse).Select(item => item?.ToString() ?? string.Empty);

    /// <summary>A list, as an object or as the text that is printed of it.</summary>
    private static IEnumerable<object?> Items(object? value, Func<string, IEnumerable<string>> parse) => ShellValue.Unwrap(value) switch
    {
        null => [],
        string text => parse(text),
        IEnumerable items => items.Cast<object?>(),
        { } one => [one],
    };

    /// <summary>An object that is replaced whole, for runspaces share it.</summary>
    private sealed record LookedInto(FileVersion Version, IReadOnlySet<string> Layers);
}
