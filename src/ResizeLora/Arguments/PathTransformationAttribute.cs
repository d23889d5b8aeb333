using System.Management.Automation;
using ResizeLora.Pipeline;

namespace ResizeLora.Arguments;

/// <summary>Refuses layers where files are wanted: as text, a layer would be the name of a file that does not exist.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PathTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        IEnumerable<object?> items = LanguagePrimitives.GetEnumerable(inputData)?.Cast<object?>() ?? [inputData];
        if (items.FirstOrDefault(item => item is not null && LayerCopy.IsAny(PSObject.AsPSObject(item))) is null)
            return inputData;

        // After a failed cast the engine tries other parameters for pipeline input.
        ResizeLoraException fault = JobErrors.PathIsLayer();
        throw new ArgumentTransformationMetadataException(fault.Message, new PSInvalidCastException(fault.Message, fault));
    }
}
