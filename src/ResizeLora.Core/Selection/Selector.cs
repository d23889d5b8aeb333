namespace ResizeLora.Selection;

/// <summary>
/// Turns scores into the singular values that stay. Scores wish for values; a rule makes of the wishes the ranks that
/// loaders take; each layer then keeps as many of its best values as its rank says.
/// </summary>
internal sealed class Selector
{
    private readonly RankRule _rule;

    /// <summary>All values that may be kept, the best first.</summary>
    private readonly List<Candidate> _line;

    /// <summary>The same for each layer.</summary>
    private readonly List<Candidate>[] _lines;

    /// <param name="scores">For each layer, the scores of its singular values; one of −∞ is never kept.</param>
    /// <param name="rule">What loaders ask of ranks.</param>
    public Selector(IReadOnlyList<double[]> scores, RankRule rule)
    {
        _rule = rule;
        _line = [.. scores.SelectMany((layer, number) => layer.Select((score, index) => new Candidate(score, number, index)))];
        _line.RemoveAll(candidate => double.IsNegativeInfinity(candidate.Score));

        _line.Sort();
        _lines = [.. scores.Select(_ => new List<Candidate>())];
        foreach (Candidate candidate in _line)
            _lines[candidate.Layer].Add(candidate);
    }

    /// <summary>What is kept where no value is wished for.</summary>
    public KeptValues Least => Take(0, double.PositiveInfinity);

    /// <summary>What is kept where only the best value is wished for.</summary>
    public KeptValues First => TakeBest(Math.Min(1, _line.Count));

    /// <summary>The best score; null where no value may be kept.</summary>
    public double? BestScore => _line.Count == 0 ? null : _line[0].Score;

    /// <summary>Keeps what reaches the threshold and, in the order of scores, what fits into the budget.</summary>
    /// <param name="threshold">The least score, or null.</param>
    /// <param name="budget">The most bytes of the whole output file, or null.</param>
    /// <param name="fileLength">Bytes of the output file that a choice would make.</param>
    /// <returns>The choice, or null where even a file that keeps the least is larger than the budget.</returns>
    public KeptValues? Select(double? threshold, long? budget, Func<KeptValues, long> fileLength)
    {
        double least = threshold ?? double.NegativeInfinity;
        int wished = _line.FindIndex(candidate => candidate.Score < least);
        if (wished < 0)
            wished = _line.Count;

        KeptValues all = Take(wished, least);
        if (budget is not { } bytes || fileLength(all) <= bytes)
            return all;

        // Invariant: `fits` wishes fit and `exceeds` do not; so in the end one more would not fit.
        int fits = 0;
        int exceeds = wished;
        if (wished == 0 || fileLength(Least) > bytes)
            return null;

        while (exceeds - fits > 1)
        {
            int middle = fits + (exceeds - fits) / 2;
            if (fileLength(TakeBest(middle)) <= bytes)
                fits = middle;
            else
                exceeds = middle;
        }

        return TakeBest(fits);
    }

    private KeptValues TakeBest(int count) => count == 0 ? Least : Take(count, _line[count - 1].Score);

    private KeptValues Take(int count, double threshold)
    {
        int[] wished = new int[_lines.Length];
        foreach (Candidate candidate in _line.Take(count))
            wished[candidate.Layer]++;

        int[] ranks = _rule.Apply(wished);
        return new KeptValues([.. _lines.Select((line, layer) => Best(line, ranks[layer]))], ranks, threshold);
    }

    private static int[] Best(List<Candidate> line, int count)
    {
        int[] indices = [.. line.Take(count).Select(candidate => candidate.Index)];
        Array.Sort(indices);
        return indices;
    }

    private readonly record struct Candidate(double Score, int Layer, int Index) : IComparable<Candidate>
    {
        /// <summary>The best first; equal scores go by position, so that the choice is repeatable.</summary>
        public int CompareTo(Candidate other)
        {
            int order = other.Score.CompareTo(Score);
            if (order == 0)
                order = Layer.CompareTo(other.Layer);
            return order != 0 ? order : Index.CompareTo(other.Index);
        }
    }
}
