using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;
using ResizeLora.Pairing;

namespace ResizeLora.Differences;

/// <summary>An adapter that is compared with another one: open, its tensors sorted, its layers paired with the checkpoint if there is one.</summary>
internal sealed class ComparedAdapter : IDisposable
{
    private readonly AdapterPairs? _pairs;

    /// <exception cref="ResizeLoraException">It is missing, unreadable or no adapter, or the checkpoint is not its base.</exception>
    public ComparedAdapter(string path, BaseCheckpointIndex? checkpoint, IReporter reporter)
    {
        Source = AdapterSource.Open(path);
        try
        {
            var contents = AdapterContents.Read(Source);
            var review = new AdapterReview(Source, contents);
            review.EnsureLayers();
            foreach (string warning in review.Warnings("can't be compared", "They are not compared."))
                reporter.Warning(warning);

            Layers = contents.Layers;
            if (checkpoint is not null)
            {
                _pairs = new AdapterPairs(Layers, Path, checkpoint);
                (AdapterLayer, LayerPair)[] paired = [.. Layers.Select(layer => (layer, _pairs.Of(layer)))];
                AdapterReview.EnsurePaired(Path, checkpoint, _pairs, paired);
                reporter.Verbose(PairingSummary.Describe(Path, checkpoint, _pairs, paired));
            }

            WarnOfMagnitudes(reporter);
        }
        catch
        {
            Source.Dispose();
            throw;
        }
    }

    public AdapterSource Source { get; }

    /// <summary>The file or the folder.</summary>
    public string Path => Source.Path;

    /// <summary>All layers that have a ΔW.</summary>
    public IReadOnlyList<AdapterLayer> Layers { get; }

    /// <summary>What a layer modifies in the checkpoint.</summary>
    public LayerPair PairOf(AdapterLayer layer) => _pairs?.Of(layer) ?? LayerPair.None(layer);

    public void Dispose() => Source.Dispose();

    /// <summary>What DoRA does to a weight depends on the weight.</summary>
    private void WarnOfMagnitudes(IReporter reporter)
    {
        AdapterLayer[] unscaled = [.. Layers.Where(layer => layer.Magnitude is not null && PairOf(layer).BaseLayer is null)];
        if (unscaled.Length > 0)
            reporter.Warning($"{Quantity.Of(unscaled.Length, "layer")} of '{Path}' {(unscaled.Length == 1 ? "is" : "are")} DoRA, such as '{DisplayText.Of(unscaled[0].Name)}'. Without the base layer only ΔW is compared, not the magnitudes{(_pairs is null ? ": use -Checkpoint" : string.Empty)}.");
    }
}
