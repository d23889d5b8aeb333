using ResizeLora.Benchmarks.Reporting;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>One or a few rows of the report.</summary>
internal interface IMeasurement
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in a few words.</summary>
    string Description { get; }

    void Run(Workplace workplace, Report report);
}
