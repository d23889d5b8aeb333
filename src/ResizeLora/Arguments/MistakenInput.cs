using System.Collections;

namespace ResizeLora.Arguments;

/// <summary>
/// Something in the pipeline that is surely a mistake. It is taken, so that the call can end with one error that says what to
/// do, instead of one of the engine's for each object.
/// </summary>
/// <param name="Item">What it is.</param>
/// <param name="Reason">What is wrong with it, and what to do.</param>
internal sealed record MistakenInput(object Item, string Reason)
{
    private const string FormatNamespace = "Microsoft.PowerShell.Commands.Internal.Format";

    /// <summary>The problem with an object; null if there is none.</summary>
    /// <param name="item">The object.</param>
    /// <param name="takesRecipes">Whether the command takes hashtables as recipes.</param>
    public static MistakenInput? Of(object? item, bool takesRecipes)
    {
        object? value = ShellValue.Unwrap(item);
        if (value?.GetType().Namespace == FormatNamespace)
            return new MistakenInput(value, "The pipeline contains output that was formatted for the console. Leave out Format-Table, Format-List or the like, or put it last.");

        return value is IDictionary && !takesRecipes
            ? new MistakenInput(value, "The pipeline contains a hashtable, which is neither a LoRA nor a layer. Give recipes with -Recipe.")
            : null;
    }
}
