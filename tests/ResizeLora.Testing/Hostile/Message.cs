using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ResizeLora.Testing.Hostile;

/// <summary>What any message about a file from a stranger must be like.</summary>
internal static partial class Message
{
    /// <summary>More than a screen of text hides what it says.</summary>
    private const int Limit = 1000;

    private static readonly string[] Places = ["header", "tensor", "__metadata__", "byte", "layer", "Layer", "Tensor", "recipe", "LoRA"];

    /// <summary>It is short, says where the fault is, and shows nothing that a terminal would obey.</summary>
    public static void AssertReadable(string message)
    {
        Assert.Contains(Places, place => message.Contains(place, StringComparison.Ordinal));
        AssertHarmless(message);
    }

    /// <summary>It is short and shows nothing that a terminal would obey.</summary>
    public static void AssertHarmless(string message)
    {
        Assert.InRange(message.Length, 10, Limit);
        Assert.DoesNotContain(message, IsObeyed);
    }

    /// <summary>The message without what belongs to the case: quoted names, numbers, types, and what the JSON reader says.</summary>
    public static string KindOf(string message) => Rest().Replace(Quoted().Replace(message, "…"), "#");

    /// <summary>Controls, and the marks that turn the order of text round.</summary>
    private static bool IsObeyed(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    [GeneratedRegex("(?<=valid JSON) .*|'.*'", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\[[\d, ]*…?\]|\d+|\b(BOOL|F4|F6_\w+|[UI]8|F8_\w+|[UIFC]\d+|BF16)\b")]
    private static partial Regex Rest();
}
