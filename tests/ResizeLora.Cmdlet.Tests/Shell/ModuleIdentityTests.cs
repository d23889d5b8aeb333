using System.Runtime.Loader;

namespace ResizeLora.Cmdlet.Tests.Shell;

/// <summary>Tests and module share their types: what a test makes binds in a cmdlet, and the other way round.</summary>
public sealed class ModuleIdentityTests
{
    [Fact]
    public void The_type_of_the_test_is_the_type_of_the_module()
    {
        using var session = new ModuleSession();

        Assert.Same(typeof(ResizeRecipe), session.Run("[ResizeLora.ResizeRecipe]").Only<Type>());
        Assert.Same(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(typeof(ResizeRecipe).Assembly));
        Assert.Equal(Path.GetFullPath(BuiltModule.Directory), Path.GetDirectoryName(typeof(ResizeRecipe).Assembly.Location) + Path.DirectorySeparatorChar);
    }
}
