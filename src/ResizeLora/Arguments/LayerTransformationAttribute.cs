using System.Management.Automation;

namespace ResizeLora.Arguments;

/// <summary>
/// Lets layers be given as Get-LoraSpectrum makes them, or as copies of them. Anything else is left to other parameters:
/// a file that comes through the pipeline is not a layer, and a copy of a layer must never pass for its file.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class LayerTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether another parameter takes hashtables from the pipeline.</summary>
    public bool TakesRecipes { get; init; }

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData is not PSObject { BaseObject: PSCustomObject } && MistakenInput.Of(inputData, TakesRecipes) is null && LanguagePrimitives.GetEnumerable(inputData) is { } items
            ? items.Cast<object?>().Select(item => Layer(item, engineIntrinsics)).ToArray()
            : new[] { Layer(inputData, engineIntrinsics) };

    private PSObject Layer(object? item, EngineIntrinsics engine)
    {
        if (item is DecomposedLayer or PSObject { BaseObject: DecomposedLayer })
            return PSObject.AsPSObject(item);
        if (item is not null && LayerCopy.Read(PSObject.AsPSObject(item), engine.SessionState.Path) is { } reference)
            return PSObject.AsPSObject(reference);

        if (MistakenInput.Of(item, TakesRecipes) is { } mistake)
            return PSObject.AsPSObject(mistake);

        string message = $"'{item}' is not a layer. Pass the output of Get-LoraSpectrum.";
        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
