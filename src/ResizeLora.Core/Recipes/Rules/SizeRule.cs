using ResizeLora.Common;

namespace ResizeLora.Recipes.Rules;

/// <summary>Keeps the best scores that fit into a file; one more would not fit.</summary>
/// <param name="limit">The largest size of the whole file.</param>
internal sealed class SizeRule(SizeLimit limit) : FileRule
{
    public SizeLimit Limit => limit;

    public override string Value => limit.ToString();

    public override int? Count(IChoices choices) => Bisection.Largest(choices.Count, count => choices.FileLength(count) <= limit.Bytes);
}
