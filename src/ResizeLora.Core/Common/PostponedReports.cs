namespace ResizeLora.Common;

/// <summary>Reports from a background thread, kept until the thread that drives the work collects them.</summary>
internal sealed class PostponedReports : IReporter
{
    private readonly Queue<Action<IReporter>> _reports = new();

    public void Verbose(string message) => _reports.Enqueue(reporter => reporter.Verbose(message));

    public void Warning(string message) => _reports.Enqueue(reporter => reporter.Warning(message));

    public void Error(ResizeLoraException exception) => _reports.Enqueue(reporter => reporter.Error(exception));

    /// <summary>Late progress is of no use.</summary>
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
