using ResizeLora.Common;

namespace ResizeLora.Recipes.Rules;

/// <summary>Keeps the fewest of the best scores with which the error is within a limit; one fewer would exceed it.</summary>
/// <param name="most">The largest relative error.</param>
internal sealed class ErrorRule(double most) : FileRule
{
    public double Most => most;

    public override string Value => Print(most);

    /// <summary>All, where all are not enough: other rules or the format may not allow more.</summary>
    public override int? Count(IChoices choices) => Bisection.Largest(choices.Count, count => choices.RelativeError(count) > most) is { } tooFew
        ? Math.Min(tooFew + 1, choices.Count)
        : 0;
}
