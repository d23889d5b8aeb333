using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Pairing;

namespace ResizeLora.Decomposition;

/// <summary>Where a decomposed layer came from, so that its kept factors can be built later.</summary>
/// <param name="Layer">The layer's tensors.</param>
/// <param name="Digest">A <see cref="Safetensors.ContentDigest"/> over the bytes of its tensors: shows whether the file is still the same.</param>
/// <param name="Pair">What it modifies.</param>
/// <param name="Checkpoint">The checkpoint that it was paired with, if any.</param>
internal sealed record LayerSource(AdapterLayer Layer, string Digest, LayerPair Pair, CheckpointVersion? Checkpoint)
{
    /// <summary>The norms that its base layer had when it was compared with it, where they are known only so; they may be out of date.</summary>
    public MatrixNorms? EarlierNorms { get; init; }

    /// <summary>The base layer that it modifies, if it was paired.</summary>
    public BaseLayer? BaseLayer => Pair.BaseLayer;
}
