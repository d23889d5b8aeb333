using System.Text.RegularExpressions;
using ResizeLora.Adapters;

namespace ResizeLora.Selection;

/// <summary>
/// Which layers loaders put together into one: the only table of that. Layers are known by how their names end,
/// which all styles of naming share; so it makes no difference whether there is a checkpoint.
/// </summary>
internal static partial class FusedLayers
{
    /// <summary>The names of the siblings of a fused layer; queries are separate, as in cross-attention.</summary>
    private static readonly Siblings[] All =
    [
        // diffusers: to_qkv, and to_kv of cross-attention; nunchaku, vLLM-Omni and SGLang do likewise
        new("to_q", ["to_k", "to_v"]),

        // diffusers: to_added_qkv of the second stream (Flux, SD3, Qwen-Image), to_added_kv of an image (Wan)
        new("add_q_proj", ["add_k_proj", "add_v_proj"]),

        // text encoders; vLLM: qkv_proj
        new("q_proj", ["k_proj", "v_proj"]),

        // Wan by its own names, and the keys and values of its image
        new("q", ["k", "v"]),
        new(null, ["k_img", "v_img"]),

        // gated feed-forward layers; vLLM-Omni: w13 (Z-Image), vLLM: gate_up_proj
        new(null, ["w1", "w3"]),
        new(null, ["gate_proj", "up_proj"]),
    ];

    /// <summary>The longest names first: add_q_proj ends like q_proj.</summary>
    private static readonly (string Name, Siblings Siblings)[] Names =
        [.. All.SelectMany(siblings => siblings.Names.Select(name => (name, siblings))).OrderByDescending(pair => pair.name.Length)];

    /// <summary>Groups of layers that are fused, by their positions.</summary>
    public static IReadOnlyList<IReadOnlyList<int>> Groups(IReadOnlyList<AdapterLayer> layers) =>
    [
        .. Enumerable.Range(0, layers.Count)
            .Select(position => Find(layers[position].Name, position))
            .OfType<Member>()
            .GroupBy(member => (member.Parent, member.Siblings))
            .Select(group => WithSameInput([.. group], layers))
            .Where(group => group.Count > 1),
    ];

    /// <summary>In cross-attention keys and values come from elsewhere than queries, so queries are not fused with them.</summary>
    private static List<int> WithSameInput(List<Member> group, IReadOnlyList<AdapterLayer> layers)
    {
        bool isCrossAttention = CrossAttention().IsMatch(group[0].Parent)
            || group.Select(member => layers[member.Position].Columns).Distinct().Count() > 1;
        return [.. group.Where(member => !isCrossAttention || member.Name != member.Siblings.Query).Select(member => member.Position)];
    }

    private static Member? Find(string layer, int position)
    {
        foreach ((string name, Siblings siblings) in Names)
        {
            int end = layer.Length - name.Length - 1;
            if (end > 0 && layer[end] is '.' or '_' && layer.EndsWith(name, StringComparison.Ordinal))
                return new Member(layer[..end], siblings, name, position);
        }

        return null;
    }

    /// <summary>
    /// Cross-attention by name, where it does not show by widths as in SD and SDXL: Wan's, by its own names and by
    /// diffusers'. Not any attn2: the one in the transformer_blocks of SD3.5 is self-attention.
    /// </summary>
    [GeneratedRegex(@"(cross_attn|(?<!transformer_)blocks[._][0-9]+[._]attn2)(\.processor)?$")]
    private static partial Regex CrossAttention();

    private sealed record Siblings(string? Query, string[] Others)
    {
        public IEnumerable<string> Names => Query is null ? Others : Others.Prepend(Query);
    }

    private sealed record Member(string Parent, Siblings Siblings, string Name, int Position);
}
