using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Golden;

/// <summary>Scores computed from the golden truth, independently of the product.</summary>
internal static class GoldenScores
{
    /// <summary>Layer, index and score of every singular value that is not zero, best first.</summary>
    public static List<(string Layer, int Index, double Score)> Ranked(GoldenCase item)
    {
        var scores = new List<(string Layer, int Index, double Score)>();
        foreach ((string name, GoldenLayer layer) in GoldenData.Truth.Loras[item.Lora].Layers)
        {
            for (int i = 0; i < layer.SingularValues.Length && !layer.Zero; i++)
                scores.Add((name, i, Score(item, name, layer, i)));
        }

        return [.. scores.OrderByDescending(score => score.Score)];
    }

    private static double Score(GoldenCase item, string name, GoldenLayer layer, int index) =>
        Math.Log10(layer.SingularValues[index] * item.Rescale)
        - item.Weights.Sum(weight => weight.Value * Math.Log10(Reference(weight.Key, item.Rescale, name, layer, index)));

    private static double Reference(string key, double rescale, string name, GoldenLayer layer, int index) => key switch
    {
        "spn_ckpt" => GoldenData.Truth.Base[name].Spectral,
        "fro_ckpt" => GoldenData.Truth.Base[name].Frobenius,
        "spn_lora" => layer.SingularValues[0] * rescale,
        "fro_lora" => layer.Frobenius * rescale,
        "subspace" => layer.Subspace[index],
        "params" => layer.UpShape[0] + layer.DownShape.Skip(1).Aggregate(1L, (product, size) => product * size),
        _ => throw new ArgumentOutOfRangeException(nameof(key)),
    };
}
