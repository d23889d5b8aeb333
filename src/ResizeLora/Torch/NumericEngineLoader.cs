using System.Reflection;
using ResizeLora.Engine;

namespace ResizeLora.Torch;

/// <summary>
/// Loads the engine that computes with libtorch at its first use, once for all runspaces. A failure is not remembered:
/// the next call tries again, so that a repaired installation works and a broken one gives its reason each time.
/// </summary>
internal sealed class NumericEngineLoader
{
    private const string EngineType = "ResizeLora.Torch.Numerics.TorchEngine";

    private readonly Lock _gate = new();
    private readonly BackgroundMaker<INumericEngine> _engines;
    private TorchLoadContext? _context;

    public NumericEngineLoader(string folder)
    {
        Folder = Path.GetFullPath(folder);
        _engines = new BackgroundMaker<INumericEngine>(Load);
    }

    /// <summary>The loader of this installation of the module: the folder <c>torch</c> next to this assembly.</summary>
    public static NumericEngineLoader Default { get; } =
        new(Path.Combine(Path.GetDirectoryName(typeof(NumericEngineLoader).Assembly.Location)!, "torch"));

    /// <summary>Where TorchSharp and the libraries are.</summary>
    public string Folder { get; }

    /// <summary>The engine that computes on the processor.</summary>
    /// <exception cref="TorchUnavailableException">libtorch can't be loaded.</exception>
    public INumericEngine Engine => EngineOn("cpu", CancellationToken.None);

    /// <summary>The engine that computes on a device, in libtorch's words: cpu, cuda or cuda:1.</summary>
    /// <exception cref="TorchUnavailableException">libtorch can't be loaded, or has no such device.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while it was being loaded.</exception>
    public INumericEngine EngineOn(string device, CancellationToken cancellation) => _engines.Get(device, cancellation);

    /// <summary>The engine on a device, loaded when the first number is needed: a run that finds all its work done never loads libtorch.</summary>
    public Lazy<INumericEngine> LazyEngineOn(string device, CancellationToken cancellation) =>
        new(() => EngineOn(device, cancellation), LazyThreadSafetyMode.PublicationOnly);

    private INumericEngine Load(string device)
    {
        // One after the other: devices share the context.
        lock (_gate)
            _context ??= new(Folder, new TorchPreflight(Folder, TorchPlatform.Current, LoadedModules.Paths).Run());

        try
        {
            Type type = _context.LoadEngineAssembly().GetType(EngineType, throwOnError: true)!;
            const BindingFlags constructor = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DoNotWrapExceptions;
            return (INumericEngine)Activator.CreateInstance(type, constructor, binder: null, args: [device], culture: null)!;
        }
        catch (PlatformNotSupportedException exception)
        {
            throw TorchFault.DeviceMissing(device, exception);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException or TypeLoadException or TypeInitializationException or MissingMethodException or InvalidCastException or NotSupportedException or DllNotFoundException)
        {
            throw TorchFault.LoadFailed(Path.Combine(Folder, $"{TorchPreflight.EngineAssembly}.dll"), exception);
        }
    }
}
