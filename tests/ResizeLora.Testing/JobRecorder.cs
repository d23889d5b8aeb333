using ResizeLora.Pipeline;

namespace ResizeLora.Testing;

/// <summary>Keeps what it is told, from whatever thread, and allows what it is asked for.</summary>
internal sealed class JobRecorder : IJobHost
{
    private readonly Lock _gate = new();

    public List<string> Messages { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<ResizeLoraException> Errors { get; } = [];

    public List<(string Stage, int Done, int Total)> Steps { get; } = [];

    public List<(string Path, string Description)> Asked { get; } = [];

    public bool Allow { get; set; } = true;

    public bool AllowFolders { get; set; } = true;

    /// <summary>Called at each step of progress.</summary>
    public Action<string>? AtStep { get; set; }

    public void Verbose(string message) => Messages.Add(message);

    public void Warning(string message)
    {
        lock (_gate)
            Warnings.Add(message);
    }

    public void Error(ResizeLoraException exception) => Errors.Add(exception);

    public void Progress(string path, string stage, int done, int total)
    {
        Steps.Add((stage, done, total));
        AtStep?.Invoke(stage);
    }

    public bool MayCreateFolder(string path) => AllowFolders;

    public bool MayWrite(string path, string description, bool replaces)
    {
        Asked.Add((path, description));
        return Allow;
    }
}
