namespace ResizeLora.Selection;

/// <summary>Turns scores into the singular values that stay.</summary>
internal static class Selector
{
    /// <summary>Keeps what reaches the threshold and, in the order of scores, what fits into the budget.</summary>
    /// <param name="scores">For each layer, the scores of its singular values.</param>
    /// <param name="threshold">The least score, or null.</param>
    /// <param name="budget">The most bytes of the whole output file, or null.</param>
    /// <param name="fileLength">Bytes of the output file that a choice would make.</param>
    /// <returns>The choice, or null where even a file that keeps nothing is larger than the budget.</returns>
    public static KeptValues? Select(
        IReadOnlyList<double[]> scores,
        double? threshold,
        long? budget,
        Func<KeptValues, long> fileLength)
    {
        double least = threshold ?? double.NegativeInfinity;
        List<Candidate> candidates = Ranked(scores, least);
        KeptValues all = Take(scores.Count, candidates, candidates.Count, least);
        if (budget is not { } bytes || fileLength(all) <= bytes)
            return all;

        // Invariant: `fits` values fit and `exceeds` do not; so in the end one more would not fit.
        int fits = 0;
        int exceeds = candidates.Count;
        if (fileLength(Take(scores.Count, candidates, fits, least)) > bytes)
            return null;

        while (exceeds - fits > 1)
        {
            int middle = fits + (exceeds - fits) / 2;
            if (fileLength(TakeBest(scores.Count, candidates, middle)) <= bytes)
                fits = middle;
            else
                exceeds = middle;
        }

        return TakeBest(scores.Count, candidates, fits);
    }

    private static List<Candidate> Ranked(IReadOnlyList<double[]> scores, double least)
    {
        var candidates = new List<Candidate>();
        for (int layer = 0; layer < scores.Count; layer++)
        {
            for (int index = 0; index < scores[layer].Length; index++)
            {
                double score = scores[layer][index];
                if (score >= least && !double.IsNegativeInfinity(score))
                    candidates.Add(new Candidate(score, layer, index));
            }
        }

        // Equal scores go by position, so that the choice is repeatable.
        candidates.Sort((left, right) =>
        {
            int order = right.Score.CompareTo(left.Score);
            if (order == 0)
                order = left.Layer.CompareTo(right.Layer);
            return order != 0 ? order : left.Index.CompareTo(right.Index);
        });
        return candidates;
    }

    private static KeptValues TakeBest(int layerCount, List<Candidate> candidates, int count) =>
        Take(layerCount, candidates, count, count == 0 ? double.PositiveInfinity : candidates[count - 1].Score);

    private static KeptValues Take(int layerCount, List<Candidate> candidates, int count, double threshold)
    {
        var indices = new List<int>[layerCount];
        for (int layer = 0; layer < layerCount; layer++)
            indices[layer] = [];

        foreach (Candidate candidate in candidates.Take(count))
            indices[candidate.Layer].Add(candidate.Index);

        foreach (List<int> layer in indices)
            layer.Sort();

        return new KeptValues(indices, threshold);
    }

    private readonly record struct Candidate(double Score, int Layer, int Index);
}
