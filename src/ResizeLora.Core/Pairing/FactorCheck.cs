using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Whether two factors and an alpha make up a LoRA layer that can be computed with.</summary>
internal static class FactorCheck
{
    private const int FewestDimensions = 2;
    private const int MostDimensions = 5;

    private static readonly (Func<AdapterLayer, bool> IsWrong, Func<AdapterLayer, string> Reason)[] Rules =
    [
        (layer => layer.Up.Shape.Count != layer.Down.Shape.Count
                || layer.Up.Shape.Count is < FewestDimensions or > MostDimensions,
            layer => $"factors of shape {Shapes(layer)}"),
        (layer => layer.Up.ElementCount == 0 || layer.Down.ElementCount == 0, layer => $"empty factors of shape {Shapes(layer)}"),
        (layer => layer.Up.Shape[1] != layer.Down.Shape[0], layer => $"factors that don't fit each other, of shape {Shapes(layer)}"),
        (layer => layer.Up.Shape.Skip(2).Any(size => size != 1), layer => $"an up factor with a kernel, of shape {layer.Up.ShapeText}"),
        (layer => !layer.Up.DType.IsConvertible(), layer => $"an up factor of dtype {layer.Up.DType}"),
        (layer => !layer.Down.DType.IsConvertible(), layer => $"a down factor of dtype {layer.Down.DType}"),
        (layer => layer.Alpha is { } alpha && alpha.ElementCount != 1, layer => $"an alpha of shape {layer.Alpha!.ShapeText}"),
        (layer => layer.Alpha is { } alpha && !IsNumber(alpha.DType), layer => $"an alpha of dtype {layer.Alpha!.DType}"),
    ];

    /// <summary>What is wrong with a layer; null if nothing is. The later rules rely on the earlier ones.</summary>
    public static string? FirstProblem(AdapterLayer layer)
    {
        foreach ((Func<AdapterLayer, bool> isWrong, Func<AdapterLayer, string> reason) in Rules)
        {
            if (isWrong(layer))
                return reason(layer);
        }

        return null;
    }

    private static bool IsNumber(SafetensorsDType dtype) =>
        dtype.IsConvertible() || dtype is SafetensorsDType.I64 or SafetensorsDType.I32;

    private static string Shapes(AdapterLayer layer) => $"{layer.Up.ShapeText} and {layer.Down.ShapeText}";
}
