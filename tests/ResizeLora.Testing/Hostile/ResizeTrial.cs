using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pipeline;

namespace ResizeLora.Testing.Hostile;

/// <summary>Runs a task through the pipeline in a folder of its own, and tells what became of it.</summary>
internal sealed class ResizeTrial(INumericEngine engine, string folder) : IJobHost
{
    private const string LoraName = "case.safetensors";
    private const string CheckpointName = "base.safetensors";

    private readonly List<ResizeLoraException> _errors = [];
    private readonly List<string> _messages = [];
    private readonly List<ResizeResult> _results = [];

    public string LoraPath => Path.Combine(folder, LoraName);

    public string CheckpointPath => Path.Combine(folder, CheckpointName);

    /// <summary>The outputs that were made.</summary>
    public IReadOnlyList<ResizeResult> Results => _results;

    /// <summary>Errors, whether they ended the work on one output or on the file.</summary>
    public IReadOnlyList<ResizeLoraException> Errors => _errors;

    /// <summary>Whether the work on the file was ended.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>All that is said beside errors.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>Bytes that were allocated meanwhile, on all threads.</summary>
    public long Allocated { get; private set; }

    /// <summary>Does the work. Other exceptions than the module's own come out.</summary>
    public void Run(ResizeCase task)
    {
        File.WriteAllBytes(LoraPath, task.Lora);
        if (task.Checkpoint is not null)
            File.WriteAllBytes(CheckpointPath, task.Checkpoint);

        var options = new ResizeOptions { Precision = task.Precision, UnmatchedLayer = task.UnmatchedLayer, Workers = 1 };
        long before = GC.GetTotalAllocatedBytes();
        try
        {
            using BaseCheckpoint? checkpoint = task.Checkpoint is null ? null : BaseCheckpoint.Open(CheckpointPath, cacheFolder: null, this, CancellationToken.None);
            var guard = new OutputGuard(options);
            guard.AddInput(LoraPath);
            _results.AddRange(new ResizePipeline(new(engine), checkpoint is null ? null : new BaseNorms(checkpoint, cache: null), options, guard, new OutputReview(this), this, CancellationToken.None).Resize(LoraPath, [.. task.Recipes.Select(ResizeRecipe.Parse)]));
        }
        catch (ResizeLoraException exception)
        {
            IsEnded = true;
            _errors.Add(exception);
        }

        Allocated = GC.GetTotalAllocatedBytes() - before;
    }

    void IReporter.Verbose(string message) => _messages.Add(message);

    void IReporter.Warning(string message) => _messages.Add(message);

    void IReporter.Error(ResizeLoraException exception) => _errors.Add(exception);

    void IReporter.Progress(string path, string stage, int done, int total)
    {
    }

    bool IJobHost.MayWrite(string path, string description, bool replaces)
    {
        _messages.Add(description);
        return true;
    }
}
