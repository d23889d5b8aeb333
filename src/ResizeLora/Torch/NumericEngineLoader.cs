using System.Reflection;
using ResizeLora.Decomposition;

namespace ResizeLora.Torch;

/// <summary>
/// Loads the engine that computes with libtorch at its first use, once for all runspaces. A failure is not remembered:
/// the next call tries again, so that a repaired installation works and a broken one gives its reason each time.
/// </summary>
internal sealed class NumericEngineLoader(string folder)
{
    private const string EngineType = "ResizeLora.Torch.TorchEngine";

    private readonly Lock _gate = new();
    private readonly string _folder = Path.GetFullPath(folder);
    private INumericEngine? _engine;
    private TorchLoadContext? _context;

    /// <summary>The loader of this installation of the module: the folder <c>torch</c> beside this assembly.</summary>
    public static NumericEngineLoader Default { get; } =
        new(Path.Combine(Path.GetDirectoryName(typeof(NumericEngineLoader).Assembly.Location)!, "torch"));

    /// <exception cref="TorchUnavailableException">libtorch can't be loaded.</exception>
    public INumericEngine Engine
    {
        get
        {
            lock (_gate)
            {
                return _engine ??= Load();
            }
        }
    }

    private INumericEngine Load()
    {
        _context ??= new(_folder, new TorchPreflight(_folder, TorchPlatform.Current, LoadedModules.Paths).Run());
        try
        {
            Type type = _context.LoadEngineAssembly().GetType(EngineType, throwOnError: true)!;
            const BindingFlags constructor = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DoNotWrapExceptions;
            return (INumericEngine)Activator.CreateInstance(type, constructor, binder: null, args: null, culture: null)!;
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException or TypeLoadException or TypeInitializationException or MissingMethodException or InvalidCastException or NotSupportedException or DllNotFoundException)
        {
            throw TorchFault.LoadFailed(Path.Combine(_folder, $"{TorchPreflight.EngineAssembly}.dll"), exception);
        }
    }
}
