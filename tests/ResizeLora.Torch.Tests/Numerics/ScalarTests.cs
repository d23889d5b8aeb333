using System.Reflection;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>
/// TorchSharp makes an object with a finalizer of every plain number that a tensor is combined with, and does not keep
/// it alive during the native call: now and then the garbage collector frees it too early, and libtorch reads freed
/// memory ("Unknown scalar type", or a wrong number). So the engine combines tensors with tensors only, and uses no
/// method of TorchSharp that does otherwise within (<c>square</c> is <c>pow</c> with a plain 2).
/// </summary>
public sealed class ScalarTests
{
    [Fact]
    public void The_engine_passes_no_plain_number_to_libtorch()
    {
        List<MethodBase> called = [.. CalledInTorchSharp(TestEngine.Torch.GetType().Assembly)];
        Assert.Contains(called, method => method.Name == "mm");
        Assert.DoesNotContain(called, method => TakesScalar(method) || Instructions.Calls(method).Any(MakesScalar));
    }

    [Fact]
    public void The_check_sees_a_plain_number_within_TorchSharp()
    {
        Type tensor = CalledInTorchSharp(TestEngine.Torch.GetType().Assembly).First(method => method.Name == "mm").DeclaringType!;
        Assert.Contains(Instructions.Calls(tensor.GetMethod("square", [])!), MakesScalar);
    }

    /// <summary>
    /// Of all native functions that the engine could need, TorchSharp has forgotten to catch the exceptions of one:
    /// where matmul fails, as it does without memory, the process ends. mm does the same work and is caught.
    /// </summary>
    [Fact]
    public void The_engine_calls_nothing_whose_failure_ends_the_process() =>
        Assert.DoesNotContain(CalledInTorchSharp(TestEngine.Torch.GetType().Assembly), method => method.Name == "matmul");

    private static IEnumerable<MethodBase> CalledInTorchSharp(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMembers(BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        .OfType<MethodBase>()
        .SelectMany(Instructions.Calls)
        .Where(method => method.Module.Assembly.GetName().Name == "TorchSharp")
        .Distinct();

    private static bool TakesScalar(MethodBase method) => method.GetParameters().Any(parameter => parameter.ParameterType.Name == "Scalar");

    private static bool MakesScalar(MethodBase method) =>
        method.DeclaringType?.Name is "ScalarExtensionMethods" || (method.DeclaringType?.Name == "Scalar" && method.Name is "op_Implicit" or ".ctor");
}
