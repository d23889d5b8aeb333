using System.Management.Automation;

namespace ResizeLora.Arguments;

/// <summary>Accepts trainers' names for number formats: fp16, bf16, fp32, fp8.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class PrecisionTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        ShellValue.Unwrap(inputData) is string name && ResizePrecisions.OfShortName(name) is { } precision ? precision : inputData;
}
