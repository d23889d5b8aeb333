using System.Diagnostics;
using ResizeLora.Pipeline;

namespace ResizeLora.Benchmarks.Ours;

/// <summary>Notes when the pipeline gets from one stage to the next.</summary>
internal sealed class StageTimes : IJobHost
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TimeSpan _planned;
    private TimeSpan _decomposed;
    private TimeSpan _written;

    /// <summary>Until the last layer is decomposed.</summary>
    public double Decomposing => _decomposed.TotalSeconds;

    /// <summary>From there until the output is planned.</summary>
    public double Planning => (_planned - _decomposed).TotalSeconds;

    /// <summary>From there until the last layer is written.</summary>
    public double Writing => (_written - _planned).TotalSeconds;

    /// <summary>From there on.</summary>
    public double Finishing { get; private set; }

    /// <summary>Call it when the output is there.</summary>
    public void Finish() => Finishing = (_watch.Elapsed - _written).TotalSeconds;

    public void Verbose(string message)
    {
    }

    public void Warning(string message) => Silence.Refuse(message);

    public void Error(ResizeLoraException exception) => throw exception;

    public void Progress(string path, string stage, int done, int total)
    {
        // Whatever the stages are called: what goes on before an output is planned is one, what follows the other.
        if (_planned == default)
            _decomposed = _watch.Elapsed;
        else
            _written = _watch.Elapsed;
    }

    public bool MayWrite(string path, string description, bool replaces)
    {
        _planned = _watch.Elapsed;
        return true;
    }
}
