namespace ResizeLora.Testing;

/// <summary>
/// An adapter layer of random numbers, with the ΔW that its type's definition gives: sums written out index by index, in
/// float64, of what the file holds.
/// </summary>
internal sealed class SampleAdapter
{
    private readonly List<(string Ending, Matrix Numbers, long[] Shape)> _tensors = [];

    private SampleAdapter(string label, params long[] weightShape)
    {
        Label = label;
        WeightShape = weightShape;
        Delta = new Matrix((int)weightShape[0], (int)weightShape.Skip(1).Aggregate(1L, (product, size) => product * size));
    }

    /// <summary>What kind of layer it is.</summary>
    public string Label { get; }

    /// <summary>The shape of the base's weight.</summary>
    public long[] WeightShape { get; }

    /// <summary>ΔW.</summary>
    public Matrix Delta { get; private set; }

    /// <summary>Whether the tensors tell the kernel.</summary>
    public bool KnowsKernel { get; private init; } = true;

    /// <summary>One of every kind, wide and tall.</summary>
    public static IReadOnlyList<SampleAdapter> All()
    {
        var random = new Random(20261124);
        return
        [
            Lora("LoRA", random, 4, 24, 18),
            Lora("LoCon 1d", random, 4, 24, 8, 3),
            Lora("LoCon 2d", random, 4, 20, 6, 3, 3),
            Lora("LoCon 3d", random, 4, 20, 4, 2, 3, 3),
            Tucker("Tucker 1d", random, 5, 24, 9, 3),
            Tucker("Tucker 2d", random, 4, 24, 10, 3, 3),
            Tucker("Tucker 3d", random, 3, 14, 9, 2, 3, 3),
            Loha("LoHa", random, 3, 4, flat: false, 24, 18),
            Loha("LoHa beyond both sides", random, 5, 4, flat: false, 24, 18),
            Loha("LoHa conv", random, 2, 3, flat: true, 12, 5, 3, 3),
            LohaTucker("LoHa Tucker", random, 3, 12, 5, 3, 3),
            LohaTucker("LoHa Tucker beyond both sides", random, 4, 12, 5, 3, 3),
            Lokr("LoKr whole", random, [4, 3], [6, 8], null, null, alpha: 1e10),
            Lokr("LoKr half whole", random, [4, 4], [8, 5], null, 3, alpha: 6),
            Lokr("LoKr of products", random, [8, 4], [5, 9], 2, 3, alpha: 2),
            Lokr("LoKr without alpha", random, [3, 4], [5, 6], null, 2, alpha: null),
            Lokr("LoKr conv whole", random, [4, 2], [5, 3, 3, 3], null, null, alpha: 7),
            Lokr("LoKr conv flat", random, [4, 2], [6, 3, 3, 3], null, 4, alpha: 2),
            LokrTucker("LoKr Tucker", random, [4, 2], [6, 3, 3, 3], 2, alpha: 3),
            Full("full weight", random, 18, 24),
            Full("full weight, tall", random, 30, 12),
            Full("full weight 2d", random, 10, 4, 3, 3),
        ];
    }

    /// <summary>Adds the layer's tensors to a file, after something was done to copies of them.</summary>
    public SampleFile AddTo(SampleFile file, string name, Action<string, Matrix>? change = null)
    {
        foreach ((string ending, Matrix numbers, long[] shape) in _tensors)
        {
            Matrix copy = numbers.Map((row, column) => numbers[row, column]);
            change?.Invoke(ending, copy);
            file.Add(name + ending, copy, shape: shape.Length == 0 ? [1] : shape);
        }

        return file;
    }

    public override string ToString() => Label;

    public static SampleAdapter Lora(string label, Random random, int rank, params long[] weight)
    {
        var sample = new SampleAdapter(label, weight);
        Matrix up = sample.Add(".lora_up.weight", random, [weight[0], rank, .. weight.Skip(2).Select(_ => 1L)]);
        Matrix down = sample.Add(".lora_down.weight", random, [rank, .. weight.Skip(1)]);
        double scale = sample.AddAlpha(3) / rank;
        sample.Delta = sample.Delta.Map((p, q) => scale * Sum(rank, i => up[p, i] * down[i, q]));
        return sample;
    }

    public static SampleAdapter Tucker(string label, Random random, int rank, params long[] weight)
    {
        var sample = new SampleAdapter(label, weight);
        int kernel = (int)weight.Skip(2).Aggregate(1L, (product, size) => product * size);
        long[] ones = [.. weight.Skip(2).Select(_ => 1L)];
        Matrix up = sample.Add(".lora_up.weight", random, [weight[0], rank, .. ones]);
        Matrix down = sample.Add(".lora_down.weight", random, [rank, weight[1], .. ones]);
        Matrix mid = sample.Add(".lora_mid.weight", random, [rank, rank, .. weight.Skip(2)]);
        double scale = sample.AddAlpha(2) / rank;
        sample.Delta = sample.Delta.Map((p, q) => scale * Sum(rank, i => Sum(rank, j => up[p, i] * mid[i, j * kernel + q % kernel] * down[j, q / kernel])));
        return sample;
    }

    public static SampleAdapter Loha(string label, Random random, int rank1, int rank2, bool flat, params long[] weight)
    {
        var sample = new SampleAdapter(label, weight) { KnowsKernel = !flat };
        Matrix a1 = sample.Add(".hada_w1_a", random, [weight[0], rank1]);
        Matrix b1 = sample.Add(".hada_w1_b", random, [rank1, sample.Delta.Columns]);
        Matrix a2 = sample.Add(".hada_w2_a", random, [weight[0], rank2]);
        Matrix b2 = sample.Add(".hada_w2_b", random, [rank2, sample.Delta.Columns]);
        double scale = sample.AddAlpha(2) / rank1;
        sample.Delta = sample.Delta.Map((p, q) => scale * Sum(rank1, i => a1[p, i] * b1[i, q]) * Sum(rank2, i => a2[p, i] * b2[i, q]));
        return sample;
    }

    public static SampleAdapter LohaTucker(string label, Random random, int rank, params long[] weight)
    {
        var sample = new SampleAdapter(label, weight);
        int kernel = (int)weight.Skip(2).Aggregate(1L, (product, size) => product * size);
        Matrix t1 = sample.Add(".hada_t1", random, [rank, rank, .. weight.Skip(2)]);
        Matrix a1 = sample.Add(".hada_w1_a", random, [rank, weight[0]]);
        Matrix b1 = sample.Add(".hada_w1_b", random, [rank, weight[1]]);
        Matrix t2 = sample.Add(".hada_t2", random, [rank, rank, .. weight.Skip(2)]);
        Matrix a2 = sample.Add(".hada_w2_a", random, [rank, weight[0]]);
        Matrix b2 = sample.Add(".hada_w2_b", random, [rank, weight[1]]);
        double scale = sample.AddAlpha(1.5) / rank;
        sample.Delta = sample.Delta.Map((p, q) => scale * Entry(t1, a1, b1, p, q) * Entry(t2, a2, b2, p, q));
        return sample;

        double Entry(Matrix t, Matrix a, Matrix b, int p, int q) =>
            Sum(rank, i => Sum(rank, j => t[i, j * kernel + q % kernel] * a[i, p] * b[j, q / kernel]));
    }

    public static SampleAdapter Lokr(string label, Random random, long[] first, long[] second, int? rank1, int? rank2, double? alpha)
    {
        var sample = new SampleAdapter(label, [first[0] * second[0], first[1] * second[1], .. second.Skip(2)]) { KnowsKernel = second.Length > 2 && rank2 is null };
        Func<int, int, double> w1 = sample.AddFactor(".lokr_w1", random, first, rank1);
        Func<int, int, double> w2 = sample.AddFactor(".lokr_w2", random, second, rank2);
        int columns2 = (int)second.Skip(1).Aggregate(1L, (product, size) => product * size);
        double scale = alpha is { } numerator ? sample.AddAlpha(numerator) / (rank2 ?? rank1 ?? numerator) : 1;
        sample.SetKronecker(w1, w2, (int)second[0], columns2, scale);
        return sample;
    }

    public static SampleAdapter LokrTucker(string label, Random random, long[] first, long[] second, int rank, double alpha)
    {
        var sample = new SampleAdapter(label, [first[0] * second[0], first[1] * second[1], .. second.Skip(2)]);
        int kernel = (int)second.Skip(2).Aggregate(1L, (product, size) => product * size);
        Func<int, int, double> w1 = sample.AddFactor(".lokr_w1", random, first, null);
        Matrix t = sample.Add(".lokr_t2", random, [rank, rank, .. second.Skip(2)]);
        Matrix a = sample.Add(".lokr_w2_a", random, [rank, second[0]]);
        Matrix b = sample.Add(".lokr_w2_b", random, [rank, second[1]]);
        double scale = sample.AddAlpha(alpha) / rank;
        sample.SetKronecker(
            w1,
            (p, q) => Sum(rank, i => Sum(rank, j => t[i, j * kernel + q % kernel] * a[i, p] * b[j, q / kernel])),
            (int)second[0],
            (int)second[1] * kernel,
            scale);
        return sample;
    }

    public static SampleAdapter Full(string label, Random random, params long[] weight)
    {
        var sample = new SampleAdapter(label, weight);
        sample.Delta = sample.Add(".diff", random, weight);
        return sample;
    }

    private void SetKronecker(Func<int, int, double> w1, Func<int, int, double> w2, int rows, int columns, double scale) =>
        Delta = Delta.Map((p, q) => scale * w1(p / rows, q / columns) * w2(p % rows, q % columns));

    private Func<int, int, double> AddFactor(string ending, Random random, long[] shape, int? rank)
    {
        if (rank is not { } r)
        {
            Matrix whole = Add(ending, random, shape);
            return (p, q) => whole[p, q];
        }

        Matrix a = Add(ending + "_a", random, [shape[0], r]);
        Matrix b = Add(ending + "_b", random, [r, shape.Skip(1).Aggregate(1L, (product, size) => product * size)]);
        return (p, q) => Sum(r, i => a[p, i] * b[i, q]);
    }

    /// <summary>Numbers as a file in single precision has them.</summary>
    private Matrix Add(string ending, Random random, long[] shape)
    {
        int columns = (int)shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        Matrix numbers = SampleFile.ReadBack(0.3 * Matrix.Gaussian((int)shape[0], columns, random), Safetensors.SafetensorsDType.F32);
        _tensors.Add((ending, numbers, shape));
        return numbers;
    }

    private double AddAlpha(double alpha)
    {
        _tensors.Add((".alpha", new Matrix(1, 1) { [0, 0] = alpha }, []));
        return alpha;
    }

    private static double Sum(int count, Func<int, double> term)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += term(i);
        return sum;
    }
}
