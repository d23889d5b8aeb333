namespace ResizeLora.Common;

/// <summary>
/// The one channel for reports. All calls come on the thread that drives the work, and texts may contain
/// names from untrusted files: the implementation makes them harmless before it shows them.
/// </summary>
internal interface IReporter
{
    void Verbose(string message);

    void Warning(string message);

    /// <summary>A problem that ends the work on one output or one file, but not on the others.</summary>
    void Error(ResizeLoraException exception);

    /// <summary>How much of a stage of the work on a file is done, such as <c>Writing layer</c> 3 of 100.</summary>
    void Progress(string path, string stage, int done, int total);

    /// <summary>The work on a file begins.</summary>
    /// <param name="number">Which it is, from 1 on.</param>
    /// <param name="count">How many there are; null while more may come.</param>
    void Begin(int number, int? count)
    {
    }
}
