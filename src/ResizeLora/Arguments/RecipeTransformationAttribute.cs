using System.Collections;
using System.Globalization;
using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Arguments;

/// <summary>Lets recipes be given as text, several in one text separated by colons, as hashtables, or as objects.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class RecipeTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return Of(inputData).ToArray();
        }
        catch (ResizeLoraException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }

    /// <summary>The recipes of one argument.</summary>
    /// <exception cref="ResizeLoraException">A text is not a valid recipe.</exception>
    /// <exception cref="ArgumentTransformationMetadataException">It is not a recipe.</exception>
    public static IEnumerable<ResizeRecipe> Of(object? argument) =>
        LanguagePrimitives.GetEnumerable(Unwrap(argument)) is { } items
            ? Joined([.. items.Cast<object?>()]).SelectMany(OfOne)
            : OfOne(argument);

    /// <summary>
    /// Without quotes, PowerShell takes <c>spn_ckpt=1,thr=-1.2</c> for a list of two texts. Every recipe has a comma, so
    /// texts without any are the pieces of one; and so is a number, which is what a decimal comma leaves behind.
    /// </summary>
    private static object?[] Joined(object?[] items)
    {
        object?[] values = [.. items.Select(Unwrap)];
        return values.Length > 1 && values[0] is string && values.All(value => value is ValueType || (value is string text && !text.Contains(',', StringComparison.Ordinal)))
            ? [string.Join(',', values.Select(Text))]
            : items;
    }

    private static IEnumerable<ResizeRecipe> OfOne(object? item) => Unwrap(item) switch
    {
        ResizeRecipe recipe => [recipe],
        string text => RecipeParser.ParseAll(text),
        IDictionary copy when copy[nameof(ResizeRecipe.Recipe)] is string text && copy.Contains(nameof(ResizeRecipe.NeedsCheckpoint)) => RecipeParser.ParseAll(text),
        IDictionary pairs => [RecipeParser.ParsePairs([.. pairs.Keys.Cast<object>().Select(key => (Text(key).Trim(), Text(pairs[key]).Trim()))])],
        _ when Copied(item) is { } text => RecipeParser.ParseAll(text),
        { } other => throw NoRecipe($"'{other}' is not a recipe. Write text such as 'spn_ckpt=1,thr=-1.2', or a hashtable such as @{{ spn_ckpt = 1; thr = -1.2 }}."),
        null => throw NoRecipe("A recipe is empty; write, for example, 'spn_ckpt=1,thr=-1.2'."),
    };

    /// <summary>The text in what Import-Clixml, a job or JSON leaves of a recipe; null for anything else.</summary>
    private static string? Copied(object? item) =>
        item is PSObject { BaseObject: PSCustomObject } copy && copy.Properties[nameof(ResizeRecipe.Recipe)]?.Value is string text && copy.Properties[nameof(ResizeRecipe.NeedsCheckpoint)] is not null ? text : null;

    /// <summary>A value as the recipe language has it, whatever the culture; a list is what a decimal comma makes of a number.</summary>
    private static string Text(object? value) => Unwrap(value) switch
    {
        IEnumerable and not string => string.Join(',', ((IEnumerable)Unwrap(value)!).Cast<object?>().Select(Text)),
        { } other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
        null => string.Empty,
    };

    /// <summary>After a failed cast the engine tries other parameters for pipeline input.</summary>
    private static ArgumentTransformationMetadataException NoRecipe(string message) => new(message, new PSInvalidCastException(message));

    private static object? Unwrap(object? item) => item is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : item;
}
