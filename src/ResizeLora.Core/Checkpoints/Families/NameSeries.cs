using System.Globalization;

namespace ResizeLora.Checkpoints.Families;

/// <summary>Names in an order: {0..2} stands for numbers, {k|v|q} for words, and what is further left changes last.</summary>
internal static class NameSeries
{
    public static IEnumerable<string> Of(string template)
    {
        int begin = template.IndexOf('{', StringComparison.Ordinal);
        if (begin < 0)
            return [template];

        int end = template.IndexOf('}', begin);
        return Choices(template[(begin + 1)..end]).SelectMany(choice => Of(template[(end + 1)..]).Select(rest => template[..begin] + choice + rest));
    }

    private static IEnumerable<string> Choices(string text)
    {
        if (text.Split("..") is not [string first, string last])
            return text.Split('|');

        int from = int.Parse(first, CultureInfo.InvariantCulture);
        int to = int.Parse(last, CultureInfo.InvariantCulture);
        return Enumerable.Range(from, to - from + 1).Select(number => number.ToString(CultureInfo.InvariantCulture));
    }
}
