using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Names;

/// <summary>
/// Tensors that look like the two factors of a layer, but whose names no style has: names that differ in one word, and shapes
/// whose product has a rank far below its sides.
/// </summary>
internal static class UnknownPairs
{
    /// <summary>In which of a name's last words two factors usually differ; further left, so do weights of the same layer in two parts of a model.</summary>
    private const int LastWords = 4;
    private const int MostWords = 16;

    /// <summary>How much smaller than its sides a rank is where names and shapes might be those of weights: an MLP widens by four at most.</summary>
    private const int LeastRatio = 4;

    /// <summary>More than this of one name are a list of something, no pair.</summary>
    private const int MostOfAName = 4;

    /// <summary>Finds them among tensors that belong to no layer; each tensor is in one pair at most.</summary>
    public static IReadOnlyList<(TensorInfo Up, TensorInfo Down)> Find(IEnumerable<TensorInfo> others)
    {
        TensorInfo[] matrices = [.. others.Where(tensor => tensor.Shape.Count >= 2 && tensor.ElementCount > 0)];
        var taken = new HashSet<TensorInfo>();
        var pairs = new List<(TensorInfo Up, TensorInfo Down)>();
        for (int word = 1; word <= MostWords; word++)
        {
            IEnumerable<TensorInfo[]> alike = matrices
                .Where(tensor => !taken.Contains(tensor))
                .Select(tensor => (Tensor: tensor, Pattern: WithoutWord(tensor.Name, word)))
                .Where(tensor => tensor.Pattern is not null)
                .GroupBy(tensor => tensor.Pattern!, tensor => tensor.Tensor)
                .Select(group => group.ToArray())
                .Where(group => group.Length is > 1 and <= MostOfAName);
            foreach ((TensorInfo up, TensorInfo down) in alike.SelectMany(tensors => tensors.SelectMany(up => tensors.Where(down => AreFactors(up, down, word <= LastWords)).Select(down => (up, down)))))
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

    /// <summary>Whether up · down has a matrix's sides and less than its rank, be it one matrix or, as for experts, several.</summary>
    private static bool AreFactors(TensorInfo up, TensorInfo down, bool isUsualName)
    {
        if (up.Shape.Count == 3 && down.Shape.Count == 3 && up.Shape[0] == down.Shape[0] && up.Shape[2] == down.Shape[1] && up.Shape[2] > 1)
            return LeastRatio * down.Shape[1] < Math.Min(up.Shape[1], down.Shape[2]);

        long rank = down.Shape[0];
        return up.Shape[1] == rank && up.ElementCount == up.Shape[0] * rank && (isUsualName ? rank : LeastRatio * rank) < Math.Min(up.Shape[0], down.ElementCount / rank);
    }

    /// <summary>A name without the letters of one of its words, counted from the end; its digits stay, as they distinguish layers. Null if it has no letters.</summary>
    private static (string Before, string Digits, string After)? WithoutWord(string name, int word)
    {
        int end = name.Length;
        int begin = Begin(end);
        for (; word > 1 && begin > 0; word--)
        {
            end = begin - 1;
            begin = Begin(end);
        }

        string digits = string.Concat(name[begin..end].Where(char.IsAsciiDigit));
        return word > 1 || digits.Length == end - begin ? null : (name[..begin], digits, name[end..]);

        int Begin(int before) => name.AsSpan(0, before).LastIndexOfAny('.', '_', ':') + 1;
    }
}
