using System.Runtime.Loader;
using ResizeLora.Engine;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Natives;

public class NumericEngineLoaderTests
{
    [Fact]
    public void The_engine_lives_in_a_private_context_and_is_made_once()
    {
        NumericEngineLoader loader = new(BuildPaths.Torch);
        INumericEngine[] engines = new INumericEngine[8];
        Parallel.For(0, engines.Length, index => engines[index] = loader.Engine);

        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(engines[0].GetType().Assembly)!;

        Assert.All(engines, engine => Assert.Same(engines[0], engine));
        Assert.IsType<TorchLoadContext>(context);
        Assert.False(context.IsCollectible);
        Assert.Contains(context.Assemblies, assembly => assembly.GetName().Name == TorchPreflight.TorchAssembly);
        Assert.DoesNotContain(AssemblyLoadContext.Default.Assemblies, assembly => assembly.GetName().Name == TorchPreflight.TorchAssembly);
        Assert.Same(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(typeof(INumericEngine).Assembly));
    }

    [Fact]
    public void A_broken_installation_gives_its_reason_each_time_and_prints_nothing()
    {
        using TemporaryFolder folder = new();
        NumericEngineLoader loader = new(folder.Path);
        TextWriter console = Console.Out;
        using StringWriter printed = new();
        Console.SetOut(printed);
        try
        {
            string first = Assert.Throws<TorchUnavailableException>(() => loader.Engine).Message;
            Assert.Equal(first, Assert.Throws<TorchUnavailableException>(() => loader.Engine).Message);
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.Empty(printed.ToString());
    }

    [Fact]
    public void The_module_looks_beside_itself() =>
        Assert.Contains(Path.Combine(AppContext.BaseDirectory, "torch"), Assert.Throws<TorchUnavailableException>(() => NumericEngineLoader.Default.Engine).Message, StringComparison.Ordinal);
}
