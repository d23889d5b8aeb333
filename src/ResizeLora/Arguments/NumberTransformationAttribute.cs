using System.Management.Automation;
using ResizeLora.Recipes;

namespace ResizeLora.Arguments;

/// <summary>Lets numbers be given as recipes have them, with a typographic minus too.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class NumberTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text ? TypedNumber.Plain(text) : inputData;
}
