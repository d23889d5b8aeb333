using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Arguments;

/// <summary>Lets recipes be given as text, several in one text separated by colons, or as objects.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class RecipeTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return LanguagePrimitives.GetEnumerable(Unwrap(inputData)) is { } items
                ? Joined([.. items.Cast<object?>()]).SelectMany(Recipes).ToArray()
                : Recipes(inputData).ToArray();
        }
        catch (ResizeLoraException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }

    /// <summary>
    /// Without quotes, PowerShell takes <c>spn_ckpt=1,thr=-1.2</c> for a list of two texts. Every recipe has a comma, so
    /// texts without any are the pieces of one.
    /// </summary>
    private static object?[] Joined(object?[] items)
    {
        string[] texts = [.. items.Select(Unwrap).OfType<string>()];
        return texts.Length > 1 && texts.Length == items.Length && !texts.Any(text => text.Contains(',', StringComparison.Ordinal))
            ? [string.Join(',', texts)]
            : items;
    }

    private static IEnumerable<ResizeRecipe> Recipes(object? item) => Unwrap(item) switch
    {
        ResizeRecipe recipe => [recipe],
        string text => RecipeParser.ParseAll(text),
        { } other => throw new ArgumentTransformationMetadataException($"'{other}' is neither a recipe nor text such as 'spn_ckpt=1,thr=-1.2'."),
        null => throw new ArgumentTransformationMetadataException("A recipe is empty; write, for example, 'spn_ckpt=1,thr=-1.2'."),
    };

    private static object? Unwrap(object? item) => item is PSObject wrapped ? wrapped.BaseObject : item;
}
