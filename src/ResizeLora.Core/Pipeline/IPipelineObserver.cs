namespace ResizeLora.Pipeline;

/// <summary>Who is told what happens. All calls come on the thread that drives the pipeline.</summary>
internal interface IPipelineObserver
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

    /// <summary>Asks whether a folder may be created.</summary>
    bool MayCreateFolder(string path) => true;

    /// <summary>Asks whether a file may be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="description">What it will be, in a line.</param>
    /// <param name="replaces">Whether an earlier output has its name.</param>
    bool MayWrite(string path, string description, bool replaces);
}
