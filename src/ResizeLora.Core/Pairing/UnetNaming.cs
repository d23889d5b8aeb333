using System.Globalization;

namespace ResizeLora.Pairing;

/// <summary>
/// Renames the layers of a U-Net from the original (ldm) names to those of diffusers. ldm numbers its blocks throughout;
/// diffusers by resolution, then by kind. Where a resolution ends shows in the names: there is a sampler.
/// </summary>
internal sealed class UnetNaming
{
    private static readonly Side[] Sides =
    [
        new("input_blocks", "down_blocks", HasLevels: true),
        new("middle_block", "mid_block", HasLevels: false),
        new("output_blocks", "up_blocks", HasLevels: true),
    ];

    /// <summary>Modules are told by a child that only their kind has.</summary>
    private static readonly Dictionary<string, ModuleKind> KindsByChild = new(StringComparer.Ordinal)
    {
        ["in_layers"] = new("resnets", IsSampler: false, new(StringComparer.Ordinal)
        {
            ["in_layers.2"] = "conv1",
            ["emb_layers.1"] = "time_emb_proj",
            ["out_layers.3"] = "conv2",
            ["skip_connection"] = "conv_shortcut",
        }),
        ["transformer_blocks"] = new("attentions", IsSampler: false, []),
        ["op"] = new("downsamplers", IsSampler: true, new(StringComparer.Ordinal) { ["op"] = "conv" }),
        ["conv"] = new("upsamplers", IsSampler: true, []),
    };

    private static readonly Dictionary<string, string> OutsideBlocks = new(StringComparer.Ordinal)
    {
        ["input_blocks.0.0"] = "conv_in",
        ["time_embed.0"] = "time_embedding.linear_1",
        ["time_embed.2"] = "time_embedding.linear_2",
        ["label_emb.0.0"] = "add_embedding.linear_1",
        ["label_emb.0.2"] = "add_embedding.linear_2",
        ["out.2"] = "conv_out",
    };

    private readonly Dictionary<string, (string Name, ModuleKind Kind)> _modules = new(StringComparer.Ordinal);

    /// <summary>Learns the structure of a U-Net from the names of its layers.</summary>
    public UnetNaming(IEnumerable<string> paths)
    {
        ILookup<Side, LayerPath> bySide = paths
            .Select(LayerPath.Parse)
            .OfType<LayerPath>()
            .ToLookup(path => path.Side);
        foreach (Side side in Sides)
            NumberModules(side, bySide[side]);
    }

    /// <summary>The name of a layer in diffusers; null if its place there is not known.</summary>
    public string? DiffusersName(string path)
    {
        if (OutsideBlocks.TryGetValue(path, out string? outside))
            return outside;

        if (LayerPath.Parse(path) is not { } parsed || !_modules.TryGetValue(parsed.Module, out (string Name, ModuleKind Kind) module))
            return null;

        return $"{module.Name}.{module.Kind.Inner.GetValueOrDefault(parsed.Inner, parsed.Inner)}";
    }

    private void NumberModules(Side side, IEnumerable<LayerPath> paths)
    {
        int level = 0;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        IEnumerable<IGrouping<int, LayerPath>> blocks = paths.GroupBy(path => path.Block).OrderBy(block => block.Key);

        // Past a gap the counting would go wrong, and a wrong name is worse than none.
        foreach (IGrouping<int, LayerPath> block in blocks.TakeWhile((block, index) => block.Key == index))
        {
            bool levelEnds = false;
            foreach (IGrouping<string, LayerPath> module in block.OrderBy(path => path.Place).GroupBy(path => path.Module, StringComparer.Ordinal))
            {
                if (KindOf(module) is not { } kind)
                    continue;

                int number = counts.GetValueOrDefault(kind.Diffusers);
                counts[kind.Diffusers] = number + 1;
                string parent = side.HasLevels ? $"{side.Diffusers}.{level}" : side.Diffusers;
                _modules.Add(module.Key, ($"{parent}.{kind.Diffusers}.{number}", kind));
                levelEnds |= kind.IsSampler;
            }

            if (levelEnds)
            {
                level++;
                counts.Clear();
            }
        }
    }

    private static ModuleKind? KindOf(IEnumerable<LayerPath> module) =>
        module.Select(path => KindsByChild.GetValueOrDefault(path.Inner.Split('.')[0])).FirstOrDefault(kind => kind is not null);

    private sealed record Side(string Ldm, string Diffusers, bool HasLevels);

    /// <param name="Diffusers">What diffusers calls a list of such modules.</param>
    /// <param name="IsSampler">Whether it changes the resolution, and so is the last of its level.</param>
    /// <param name="Inner">The layers in it that diffusers calls otherwise.</param>
    private sealed record ModuleKind(string Diffusers, bool IsSampler, Dictionary<string, string> Inner);

    /// <summary>A name such as input_blocks.4.1.proj_in: side, block, place of the module in the block, and what is inside.</summary>
    private sealed record LayerPath(Side Side, int Block, int Place, string Module, string Inner)
    {
        public static LayerPath? Parse(string path)
        {
            string[] parts = path.Split('.');
            if (Array.Find(Sides, side => string.Equals(side.Ldm, parts[0], StringComparison.Ordinal)) is not { } side)
                return null;

            int head = side.HasLevels ? 3 : 2;
            int block = 0;
            if (parts.Length < head || !IsNumber(parts[head - 1], out int place) || (side.HasLevels && !IsNumber(parts[1], out block)))
                return null;

            return new LayerPath(side, block, place, string.Join('.', parts[..head]), string.Join('.', parts[head..]));
        }

        private static bool IsNumber(string text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
