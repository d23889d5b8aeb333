using ResizeLora.Selection;

namespace ResizeLora.Core.Tests.Selection;

/// <summary>Options of ranks as users might combine them.</summary>
internal static class RandomOptions
{
    public static RankLimits Limits(Random random)
    {
        if (random.Next(5) == 0)
            return new RankLimits(Rank: random.Next(1, 12));

        int? multiple = random.Next(2) == 0 ? random.Next(1, 6) : null;
        int? maximum = random.Next(2) == 0 ? random.Next(multiple ?? 1, 12) : null;
        return new RankLimits(random.Next(2) == 0, multiple, maximum);
    }
}
