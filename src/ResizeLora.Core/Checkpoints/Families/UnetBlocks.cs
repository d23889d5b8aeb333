using System.Globalization;

namespace ResizeLora.Checkpoints.Families;

/// <summary>
/// Which module of a U-Net is which in the two namings. The original (ldm) numbers its blocks throughout; diffusers by
/// resolution, then by kind. Where a resolution ends shows in the names: there is a sampler. Works from either naming.
/// </summary>
internal sealed class UnetBlocks
{
    private const string Resnets = "resnets";
    private const string Attentions = "attentions";
    private const string Downsamplers = "downsamplers";
    private const string Upsamplers = "upsamplers";

    private static readonly Side[] Sides =
    [
        new("input_blocks", "down_blocks", HasLevels: true),
        new("middle_block", "mid_block", HasLevels: false),
        new("output_blocks", "up_blocks", HasLevels: true),
    ];

    /// <summary>In the original, modules are recognised by a child that only their kind has.</summary>
    private static readonly Dictionary<string, string> KindsByChild = new(StringComparer.Ordinal)
    {
        ["in_layers"] = Resnets,
        ["transformer_blocks"] = Attentions,
        ["op"] = Downsamplers,
        ["conv"] = Upsamplers,
    };

    private readonly Dictionary<string, UnetModule> _modules = new(StringComparer.Ordinal);

    /// <summary>Learns the structure of a U-Net from the paths of its layers.</summary>
    public UnetBlocks(IReadOnlyCollection<string> paths)
    {
        foreach (Side side in Sides)
        {
            NumberByLevel(side, [.. paths.Select(path => LdmPath.Parse(side, path)).OfType<LdmPath>()]);
            NumberThroughout(side, [.. paths.Select(path => DiffusersPath.Parse(side, path)).OfType<DiffusersPath>().Select(path => path.Module).Distinct()]);
        }
    }

    /// <summary>The structure of a U-Net from its paths in one naming, for paths in both.</summary>
    public static UnetBlocks InBothNamings(IReadOnlyCollection<string> paths)
    {
        var blocks = new UnetBlocks(paths);
        return new UnetBlocks([.. paths, .. blocks._modules.Values.Select(module => module.OtherName + ".")]);
    }

    /// <summary>Whether a path, with '_' for '.', leads into one of the blocks of a U-Net.</summary>
    public static bool Has(string flatPath) => Array.Exists(Sides, side =>
        flatPath.StartsWith(side.Ldm + "_", StringComparison.Ordinal) || flatPath.StartsWith(side.Diffusers + "_", StringComparison.Ordinal));

    /// <summary>The module that a path is in, and the rest of the path; null if it is in none that is known.</summary>
    public (UnetModule Module, string Inner)? Find(string path)
    {
        for (int dot = path.IndexOf('.'); dot >= 0; dot = path.IndexOf('.', dot + 1))
        {
            if (_modules.TryGetValue(path[..dot], out UnetModule? module))
                return (module, path[(dot + 1)..]);
        }

        return null;
    }

    /// <summary>The same for a path with '_' for '.', and the module's own name.</summary>
    public (string Name, UnetModule Module, string Inner)? FindFlat(string flatPath)
    {
        foreach ((string name, UnetModule module) in _modules)
        {
            if (flatPath.StartsWith(name.Replace('.', '_') + "_", StringComparison.Ordinal))
                return (name, module, flatPath[(name.Length + 1)..]);
        }

        return null;
    }

    /// <summary>From the original's numbers to diffusers'.</summary>
    private void NumberByLevel(Side side, List<LdmPath> paths)
    {
        int level = 0;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        IEnumerable<IGrouping<int, LdmPath>> blocks = paths.GroupBy(path => path.Block).OrderBy(block => block.Key);

        // Past a gap the counting would go wrong, and a wrong name is worse than none.
        foreach (IGrouping<int, LdmPath> block in blocks.TakeWhile((block, index) => block.Key == index))
        {
            bool levelEnds = false;
            foreach (IGrouping<string, LdmPath> module in block.OrderBy(path => path.Place).GroupBy(path => path.Module, StringComparer.Ordinal))
            {
                if (module.Select(path => KindsByChild.GetValueOrDefault(path.Inner.Split('.')[0])).FirstOrDefault(kind => kind is not null) is not { } kind)
                    continue;

                int number = counts.GetValueOrDefault(kind);
                counts[kind] = number + 1;
                string parent = side.HasLevels ? $"{side.Diffusers}.{level}" : side.Diffusers;
                _modules.Add(module.Key, new UnetModule($"{parent}.{kind}.{number}", kind, IsOriginal: true));
                levelEnds |= kind is Downsamplers or Upsamplers;
            }

            if (levelEnds)
            {
                level++;
                counts.Clear();
            }
        }
    }

    /// <summary>From diffusers' numbers to the original's.</summary>
    private void NumberThroughout(Side side, HashSet<DiffusersModule> modules)
    {
        // The first block is a separate convolution, before the levels.
        int block = side == Sides[0] ? 1 : 0;
        int place = 0;
        for (int level = 0; modules.Contains(new(level, Resnets, 0)); level++)
        {
            for (int number = 0; modules.Contains(new(level, Resnets, number)); number++)
            {
                // The middle is one block, whose modules follow each other.
                if (side.HasLevels)
                    place = 0;
                Add(new(level, Resnets, number));
                if (modules.Contains(new(level, Attentions, number)))
                    Add(new(level, Attentions, number));
                if (modules.Contains(new(level, Upsamplers, 0)) && !modules.Contains(new(level, Resnets, number + 1)))
                    Add(new(level, Upsamplers, 0));
                block++;
            }

            if (modules.Contains(new(level, Downsamplers, 0)))
            {
                place = 0;
                Add(new(level, Downsamplers, 0));
                block++;
            }
        }

        void Add(DiffusersModule module)
        {
            string name = side.HasLevels ? $"{side.Diffusers}.{module.Level}" : side.Diffusers;
            string original = side.HasLevels ? $"{side.Ldm}.{block}.{place++}" : $"{side.Ldm}.{place++}";
            _modules.Add($"{name}.{module.Kind}.{module.Number}", new UnetModule(original, module.Kind, IsOriginal: false));
        }
    }

    private static bool IsNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private sealed record Side(string Ldm, string Diffusers, bool HasLevels);

    /// <summary>A name such as input_blocks.4.1.proj_in: block, place of the module in the block, and what is inside.</summary>
    private sealed record LdmPath(int Block, int Place, string Module, string Inner)
    {
        public static LdmPath? Parse(Side side, string path)
        {
            string[] parts = path.Split('.');
            int head = side.HasLevels ? 3 : 2;
            int block = 0;
            if (!string.Equals(parts[0], side.Ldm, StringComparison.Ordinal)
                || parts.Length < head || !IsNumber(parts[head - 1], out int place) || (side.HasLevels && !IsNumber(parts[1], out block)))
            {
                return null;
            }

            return new LdmPath(block, place, string.Join('.', parts[..head]), string.Join('.', parts[head..]));
        }
    }

    private readonly record struct DiffusersModule(int Level, string Kind, int Number);

    /// <summary>A name such as down_blocks.1.attentions.0.proj_in.</summary>
    private sealed record DiffusersPath(DiffusersModule Module)
    {
        public static DiffusersPath? Parse(Side side, string path)
        {
            string[] parts = path.Split('.');
            int head = side.HasLevels ? 4 : 3;
            int level = 0;
            return string.Equals(parts[0], side.Diffusers, StringComparison.Ordinal)
                && parts.Length > head && IsNumber(parts[head - 1], out int number) && (!side.HasLevels || IsNumber(parts[1], out level))
                ? new DiffusersPath(new DiffusersModule(level, parts[head - 2], number))
                : null;
        }
    }
}

/// <summary>A module of a U-Net.</summary>
/// <param name="OtherName">Its path in the other naming.</param>
/// <param name="Kind">diffusers' name for a list of such modules.</param>
/// <param name="IsOriginal">Whether the naming that it was found in is the original one.</param>
internal sealed record UnetModule(string OtherName, string Kind, bool IsOriginal);
