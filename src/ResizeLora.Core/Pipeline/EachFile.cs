using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>A problem with one file is its own, and the next file is worked on.</summary>
internal static class EachFile
{
    /// <summary>The results of the work on a file, up to the problem that ends it, which is reported.</summary>
    public static IEnumerable<T> Results<T>(string path, IEnumerable<T> results, IReporter reporter)
    {
        using IEnumerator<T> next = results.GetEnumerator();
        while (HasNext())
            yield return next.Current;

        bool HasNext()
        {
            try
            {
                return next.MoveNext();
            }
            catch (ResizeLoraException exception)
            {
                reporter.Error(exception);
            }
            catch (OutOfMemoryException exception)
            {
                // A hostile header can take many times its length; the next file need not.
                reporter.Error(SafetensorsErrors.OutOfMemory(path, exception));
            }

            return false;
        }
    }
}
