using ResizeLora.Pipeline;

namespace ResizeLora.Benchmarks.Ours;

/// <summary>Hears everything and says nothing, except where the measurement would not be what it claims to be.</summary>
internal sealed class Silence : IJobHost
{
    /// <summary>A warning means that the files are not what they should be.</summary>
    public static void Refuse(string warning) => throw new InvalidOperationException(warning);

    public void Verbose(string message)
    {
    }

    public void Warning(string message) => Refuse(message);

    public void Error(ResizeLoraException exception) => throw exception;

    public void Progress(string path, string stage, int done, int total)
    {
    }

    public bool MayWrite(string path, string description, bool replaces) => true;
}
