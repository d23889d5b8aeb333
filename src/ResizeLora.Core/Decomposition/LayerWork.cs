using System.Runtime.InteropServices;
using ResizeLora.Safetensors;

namespace ResizeLora.Decomposition;

/// <summary>Work on one layer: a failure is an error that names the layer and its file, and ends the work on that file only.</summary>
internal static class LayerWork
{
    /// <exception cref="ResizeLoraException">It failed for a reason that is not a bug in this program.</exception>
    public static T Run<T>(string path, string layer, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw LayerErrors.NonFinite(path, layer, exception.TensorName, exception);
        }
        catch (OutOfMemoryException exception)
        {
            throw LayerErrors.OutOfMemory(path, layer, exception);
        }
        catch (ExternalException exception)
        {
            throw LayerErrors.EngineFailed(path, layer, exception);
        }
    }

    /// <summary>Work on base layers: a number that is none is an error that names the checkpoint.</summary>
    /// <exception cref="ResizeLoraException">A weight contains NaN or infinity.</exception>
    public static T RunOnBase<T>(string checkpoint, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw LayerErrors.NonFiniteBase(checkpoint, exception.TensorName, exception);
        }
    }
}
