using System.Buffers.Binary;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>What a loader makes of a LoRA file, by code that is not the product's: tensors by the specification, 8-bit numbers by a written table.</summary>
internal sealed class LoadedLora
{
    private static readonly (string Up, string Down)[] Suffixes =
    [
        (".lora_up.weight", ".lora_down.weight"),
        (".lora.up.weight", ".lora.down.weight"),
        ("_lora.up.weight", "_lora.down.weight"),
        (".lora_B.weight", ".lora_A.weight"),
    ];

    private LoadedLora(IReadOnlyDictionary<string, Layer> layers) => Layers = layers;

    public IReadOnlyDictionary<string, Layer> Layers { get; }

    /// <summary>√Σ‖ΔW‖².</summary>
    public double Norm => Math.Sqrt(Layers.Values.Sum(layer => SquareOf(layer, null)));

    public static LoadedLora Open(string path)
    {
        var file = ReferenceFile.Open(path);
        var layers = new Dictionary<string, Layer>(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            foreach ((string upSuffix, string downSuffix) in Suffixes.Where(pair => name.EndsWith(pair.Up, StringComparison.Ordinal)))
            {
                string layer = name[..^upSuffix.Length];
                Matrix up = Read(file, name);
                double alpha = file.Has($"{layer}.alpha") ? Numbers(file, $"{layer}.alpha")[0] : up.Columns;
                layers.Add(layer, new Layer(alpha / up.Columns, up, Read(file, layer + downSuffix)));
            }
        }

        return new LoadedLora(layers);
    }

    /// <summary>‖ΔW − ΔW′‖ / ‖ΔW‖ over all layers; one that the other file lacks is lost.</summary>
    public double ErrorOf(LoadedLora other) => Math.Sqrt(Layers.Sum(pair => SquareOf(pair.Value, other.Layers.GetValueOrDefault(pair.Key)))) / Norm;

    /// <summary>The same with each layer measured by a norm.</summary>
    public double ErrorOf(LoadedLora other, IReadOnlyDictionary<string, double> norms)
    {
        KeyValuePair<string, Layer>[] measured = [.. Layers.Where(pair => norms.ContainsKey(pair.Key))];
        return Math.Sqrt(
            measured.Sum(pair => SquareOf(pair.Value, other.Layers.GetValueOrDefault(pair.Key)) / Math.Pow(norms[pair.Key], 2))
            / measured.Sum(pair => SquareOf(pair.Value, null) / Math.Pow(norms[pair.Key], 2)));
    }

    /// <summary>All layers times a number.</summary>
    public LoadedLora Times(double factor) => new(Layers.ToDictionary(pair => pair.Key, pair => pair.Value with { Scale = factor * pair.Value.Scale }, StringComparer.Ordinal));

    /// <summary>‖ΔW − ΔW′‖² of [s·U, −s′·U′] · [D; D′], from the small products of each side with itself.</summary>
    private static double SquareOf(Layer layer, Layer? other)
    {
        Matrix left = Stack(layer.Scale * layer.Up, other is null ? null : -other.Scale * other.Up);
        Matrix right = Stack(layer.Down.Transpose(), other?.Down.Transpose());
        Matrix leftGram = left.Transpose() * left;
        Matrix rightGram = right.Transpose() * right;
        double square = 0;
        for (int i = 0; i < left.Columns; i++)
        {
            for (int j = 0; j < left.Columns; j++)
                square += leftGram[i, j] * rightGram[i, j];
        }

        return Math.Max(0, square);
    }

    private static Matrix Stack(Matrix first, Matrix? second) => second is null
        ? first
        : new Matrix(first.Rows, first.Columns + second.Columns).Map((row, column) => column < first.Columns ? first[row, column] : second[row, column - first.Columns]);

    private static Matrix Read(ReferenceFile file, string name)
    {
        double[] numbers = Numbers(file, name);
        int rows = (int)file.Shape(name)[0];
        int columns = numbers.Length / rows;
        return new Matrix(rows, columns).Map((row, column) => numbers[row * columns + column]);
    }

    private static double[] Numbers(ReferenceFile file, string name)
    {
        byte[] bytes = file.Bytes(name);
        return file.DType(name) switch
        {
            "F8_E4M3" => [.. bytes.Select(Float8Table.Number)],
            "F16" => [.. bytes.Chunk(2).Select(pair => (double)BinaryPrimitives.ReadHalfLittleEndian(pair))],
            "BF16" => [.. bytes.Chunk(2).Select(pair => (double)BinaryPrimitives.ReadSingleLittleEndian([0, 0, .. pair]))],
            "F32" => [.. bytes.Chunk(4).Select(four => (double)BinaryPrimitives.ReadSingleLittleEndian(four))],
            string other => throw new NotSupportedException(other),
        };
    }

    /// <summary>ΔW = Scale · Up · Down.</summary>
    internal sealed record Layer(double Scale, Matrix Up, Matrix Down);
}
