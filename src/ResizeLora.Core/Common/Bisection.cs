namespace ResizeLora.Common;

/// <summary>Finds where a condition stops to hold.</summary>
internal static class Bisection
{
    /// <summary>The largest number from 0 up to a limit for which a condition holds that holds for all below; null if there is none.</summary>
    public static int? Largest(int limit, Func<int, bool> holds)
    {
        if (holds(limit))
            return limit;
        if (limit == 0 || !holds(0))
            return null;

        // Invariant: it holds for `below` and does not for `above`; so in the end it would not for one more.
        int below = 0;
        int above = limit;
        while (above - below > 1)
        {
            int middle = below + (above - below) / 2;
            if (holds(middle))
                below = middle;
            else
                above = middle;
        }

        return below;
    }
}
