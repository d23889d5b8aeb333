using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Peft;
using ResizeLora.Adapters.Types;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>One layer of an adapter file: something that is added to a weight of the base.</summary>
/// <param name="Name">The layer's name as the file has it, without the suffixes of its tensors.</param>
/// <param name="Type">How its tensors make up ΔW.</param>
/// <param name="Tensors">All its tensors.</param>
/// <param name="Written">The names of its tensors in an output.</param>
internal sealed record AdapterLayer(string Name, AdapterType Type, AdapterTensors Tensors, WrittenNames Written)
{
    /// <summary>The form of ΔW.</summary>
    public AdapterShape Shape { get; } = Type.Shape(Tensors);

    /// <summary>DoRA's magnitudes; null for all other layers.</summary>
    public Magnitude? Magnitude { get; init; }

    /// <summary>Alpha and scale from PEFT's configuration, next to the file or in its header; null where alpha is a tensor or the rank.</summary>
    public ConfiguredAlpha? Configured { get; init; }

    /// <summary>Whether PEFT's configuration says that the model stores weights as in × out. It says so of all, also of those that are not.</summary>
    public bool IsBaseTransposed { get; init; }

    /// <summary>
    /// Whether an output must have the layer: its loader counts layers, or the layer does something even where ΔW = 0.
    /// </summary>
    public bool MustStay { get; init; }

    /// <summary>The scalar alpha, where the file has one.</summary>
    public TensorInfo? Alpha => Tensors.Find(TensorRole.Alpha);

    /// <summary>The name of alpha in an output; null if none is written.</summary>
    public string? AlphaName => Written.Alpha;

    /// <summary>The element type that the layer is stored in: that of its first tensor.</summary>
    public SafetensorsDType DType => Tensors.All.First().DType;

    /// <summary>Rows of ΔW: output features.</summary>
    public long Rows => Shape.Rows;

    /// <summary>Columns of ΔW: input features times kernel size.</summary>
    public long Columns => Shape.Columns;

    /// <summary>The inner dimension as stored, or what it is for ΔW as a product of two factors.</summary>
    public long Rank => Shape.Rank;

    /// <summary>Whether an output depends on the base layer, whatever the recipe.</summary>
    public bool NeedsBase => Magnitude is not null || !Shape.KnowsKernel;
}
