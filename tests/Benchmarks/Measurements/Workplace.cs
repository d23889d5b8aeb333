using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Engine;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>What the measurements share.</summary>
internal sealed class Workplace(INumericEngine engine, SampleFiles files, int? repetitions)
{
    private readonly Dictionary<string, Survey> _surveys = [];

    public INumericEngine Engine { get; } = engine;

    public SampleFiles Files { get; } = files;

    /// <summary>How often to repeat what is repeated <paramref name="usual"/> times unless the user wants otherwise.</summary>
    public int Repetitions(int usual) => repetitions ?? usual;

    /// <summary>Looks at a LoRA, once. Afterwards the norms of its base layers are cached.</summary>
    public Survey Survey(string lora)
    {
        if (!_surveys.TryGetValue(lora, out Survey? survey))
            _surveys.Add(lora, survey = new Survey(Product().Decompose(lora)));
        return survey;
    }

    /// <summary>ResizeLora with the cached norms of the checkpoint.</summary>
    public Product Product() => new(Engine, Files.Checkpoint, Files.Cache);

    /// <summary>A run of the sample in a process of its own.</summary>
    public ChildTask ChildTask(IReadOnlyList<string> loras, string outputs) =>
        new(IsBaseline: false, Files.Checkpoint, Files.Cache, loras, Survey(loras[0]).SpectralThreshold, outputs);
}
