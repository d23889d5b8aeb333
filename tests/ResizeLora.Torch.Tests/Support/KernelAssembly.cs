using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>
/// Finds the assembly of the kernels where the module has it: beside the tests it would be found by the module's own loading
/// too. Kernels need no libtorch, so none is loaded for them.
/// </summary>
internal static class KernelAssembly
{
    private const string Name = "ResizeLora.Torch";

    [ModuleInitializer]
    public static void Find() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        name.Name == Name ? context.LoadFromAssemblyPath(Path.Combine(BuildPaths.Torch, Name + ".dll")) : null;
}
