namespace ResizeLora.Common;

/// <summary>What work on a thread of its own has to say, until the thread that drives everything asks for it.</summary>
internal sealed class PostponedReports : IReporter
{
    private readonly Queue<Action<IReporter>> _reports = new();

    public void Verbose(string message) => _reports.Enqueue(reporter => reporter.Verbose(message));

    public void Warning(string message) => _reports.Enqueue(reporter => reporter.Warning(message));

    public void Error(ResizeLoraException exception) => _reports.Enqueue(reporter => reporter.Error(exception));

    /// <summary>Progress that is told late is none.</summary>
    public void Progress(string path, string stage, int done, int total)
    {
    }

    /// <summary>Passes everything on, once the work has ended.</summary>
    public void PassTo(IReporter reporter)
    {
        while (_reports.TryDequeue(out Action<IReporter>? report))
            report(reporter);
    }
}
