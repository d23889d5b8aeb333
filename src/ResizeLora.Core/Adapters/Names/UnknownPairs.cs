using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Names;

/// <summary>
/// Tensors that look like the two factors of a layer, but whose names no style has: names that differ in one word, and shapes
/// whose product has a rank far below its sides.
/// </summary>
internal static class UnknownPairs
{
    /// <summary>In which of a name's last words two factors may differ.</summary>
    private const int LastWords = 4;

    /// <summary>More than this of one name are a list of something, no pair.</summary>
    private const int MostOfAName = 4;

    /// <summary>Finds them among tensors that belong to no layer; each tensor is in one pair at most.</summary>
    public static IReadOnlyList<(TensorInfo Up, TensorInfo Down)> Find(IEnumerable<TensorInfo> others)
    {
        TensorInfo[] matrices = [.. others.Where(tensor => tensor.Shape.Count >= 2 && tensor.ElementCount > 0)];
        var taken = new HashSet<TensorInfo>();
        var pairs = new List<(TensorInfo Up, TensorInfo Down)>();
        for (int word = 1; word <= LastWords; word++)
        {
            IEnumerable<TensorInfo[]> alike = matrices
                .Where(tensor => !taken.Contains(tensor))
                .Select(tensor => (Tensor: tensor, Pattern: WithoutWord(tensor.Name, word)))
                .Where(tensor => tensor.Pattern is not null)
                .GroupBy(tensor => tensor.Pattern!, tensor => tensor.Tensor)
                .Select(group => group.ToArray())
                .Where(group => group.Length is > 1 and <= MostOfAName);
            foreach ((TensorInfo up, TensorInfo down) in alike.SelectMany(tensors => tensors.SelectMany(up => tensors.Where(down => AreFactors(up, down)).Select(down => (up, down)))))
            {
                if (!taken.Contains(up) && !taken.Contains(down))
                {
                    pairs.Add((up, down));
                    taken.UnionWith([up, down]);
                }
            }
        }

        return pairs;
    }

    /// <summary>Whether up · down has a matrix's sides and less than its rank.</summary>
    private static bool AreFactors(TensorInfo up, TensorInfo down)
    {
        long rank = down.Shape[0];
        return up.Shape[1] == rank && up.ElementCount == up.Shape[0] * rank && rank < Math.Min(up.Shape[0], down.ElementCount / rank);
    }

    /// <summary>A name without one of its words, counted from the end; null if that is a number, which tells layers apart.</summary>
    private static (string Before, string After)? WithoutWord(string name, int word)
    {
        int end = name.Length;
        int begin = Begin(end);
        for (; word > 1 && begin > 0; word--)
        {
            end = begin - 1;
            begin = Begin(end);
        }

        return word > 1 || begin == end || name.AsSpan(begin, end - begin).ContainsAnyInRange('0', '9') ? null : (name[..begin], name[end..]);

        int Begin(int before) => name.AsSpan(0, before).LastIndexOfAny('.', '_', ':') + 1;
    }
}
