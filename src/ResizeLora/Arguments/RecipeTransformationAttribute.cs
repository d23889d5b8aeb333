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
                ? items.Cast<object?>().SelectMany(Recipes).ToArray()
                : Recipes(inputData).ToArray();
        }
        catch (ResizeLoraException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
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
