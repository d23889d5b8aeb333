using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>A way of representing ΔW in an adapter. Types know what tensors are for, not what they are called.</summary>
internal abstract class AdapterType
{
    /// <summary>The most dimensions of a weight: a convolution in three of them.</summary>
    protected const int MostDimensions = 5;

    private static readonly AdapterType[] All = [new LoraType(), new TuckerType(), new LohaType(), new LokrType(), new FullWeightType()];

    /// <summary>The name of the type.</summary>
    public abstract string Name { get; }

    /// <summary>The tensors that it consists of, besides alpha and magnitudes.</summary>
    protected abstract IReadOnlyList<TensorRole> Roles { get; }

    /// <summary>The type that tensors make up, or what is wrong with them; one of both is null.</summary>
    public static (AdapterType? Type, string? Problem) Of(AdapterTensors tensors)
    {
        TensorRole[] roles = [.. tensors.Roles.Where(role => role < TensorRole.DoraScale)];
        if (roles.Length == 0)
            return (null, "magnitudes without factors");

        if (Array.Find(All, type => roles.All(type.Roles.Contains)) is not { } type)
            return (null, "a mix of several adapter types");

        string? problem = ElementProblem(roles.Select(role => tensors[role])) ?? type.Problem(tensors) ?? AlphaProblem(tensors.Find(TensorRole.Alpha));
        return problem is null ? (type, null) : (null, problem);
    }

    /// <summary>The shape of ΔW of tensors that have no problem.</summary>
    public abstract AdapterShape Shape(AdapterTensors tensors);

    /// <summary>The factor of ΔW.</summary>
    public virtual double Scale(AdapterShape shape, double? alpha) =>
        alpha is { } numerator && shape.AlphaRank is { } rank ? numerator / rank : 1;

    /// <summary>Makes ΔW.</summary>
    public abstract WeightChange Read(LayerNumbers numbers, AdapterShape shape, double scale);

    /// <summary>What is wrong with the shapes; null if nothing is.</summary>
    protected abstract string? Problem(AdapterTensors tensors);

    /// <summary>Whether a tensor has the given first dimensions and no others that count.</summary>
    protected static bool IsMatrix(TensorInfo tensor, long rows, long columns) =>
        tensor.Shape.Count is >= 2 and <= MostDimensions && tensor.Shape[0] == rows && tensor.Shape[1] == columns && tensor.Shape.Skip(2).All(size => size == 1);

    private static string? ElementProblem(IEnumerable<TensorInfo> tensors) => tensors
        .Select(tensor => tensor switch
        {
            { Shape.Count: < 2 or > MostDimensions } => $"factors of shape {tensor.ShapeText}",
            { ElementCount: 0 } => $"empty factors of shape {tensor.ShapeText}",
            _ => tensor.DType.Format().IsReal ? null : $"factors of dtype {tensor.DType}",
        })
        .FirstOrDefault(problem => problem is not null);

    private static string? AlphaProblem(TensorInfo? alpha) => alpha switch
    {
        null => null,
        { ElementCount: not 1 } => $"an alpha of shape {alpha.ShapeText}",
        _ => alpha.DType.Format() is { IsReal: true } or { IsReadable: true, Bits: >= 32 } ? null : $"an alpha of dtype {alpha.DType}",
    };
}

/// <summary>What the shapes of a layer's tensors say about ΔW.</summary>
/// <param name="Rows">Output features.</param>
/// <param name="InputShape">Input features and, where it is known, the kernel.</param>
/// <param name="Rank">The most that the rank of ΔW can be.</param>
/// <param name="AlphaRank">What alpha is divided by; null if the type has no alpha.</param>
internal sealed record AdapterShape(long Rows, IReadOnlyList<long> InputShape, long Rank, long? AlphaRank)
{
    /// <summary>
    /// Whether the kernel shows. Some types store a convolution as a flat matrix, and only the base layer knows its kernel.
    /// </summary>
    public bool KnowsKernel { get; init; } = true;

    /// <summary>Input features times kernel size.</summary>
    public long Columns => Product(InputShape);

    /// <summary>The product of some dimensions.</summary>
    public static long Product(IEnumerable<long> sizes) => sizes.Aggregate(1L, (product, size) => checked(product * size));
}
