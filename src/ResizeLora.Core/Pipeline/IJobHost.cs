using ResizeLora.Common;

namespace ResizeLora.Pipeline;

/// <summary>The caller of a job: receives its reports, and is asked before anything is written.</summary>
internal interface IJobHost : IReporter
{
    /// <summary>Asks whether a folder may be created.</summary>
    bool MayCreateFolder(string path) => true;

    /// <summary>Asks whether a file may be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="description">A description of the output, in a line.</param>
    /// <param name="replaces">Whether an earlier output has its name.</param>
    bool MayWrite(string path, string description, bool replaces);
}
