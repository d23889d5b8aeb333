using System.Text.RegularExpressions;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>Which types a source file declares.</summary>
internal static partial class SourceTypes
{
    public static IEnumerable<string> Of(string text) => Declaration().Matches(text).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"^(public|internal|file) [a-z ]*?(record struct|record class|class|struct|record|interface|enum|delegate \S+) (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declaration();
}
