namespace ResizeLora.Recipes;

/// <summary>
/// Which keys make a recipe together. One thing decides what is better: scores, an objective, or a rule that decides on each
/// layer by itself. The first two need to be told where to stop; the last one says it.
/// </summary>
internal static class RecipeCheck
{
    /// <exception cref="ResizeLoraException">Something is missing, or two keys exclude each other.</exception>
    public static void Check(string text, RecipeParts parts)
    {
        SelectionKey? first(params RuleRole[] roles) => parts.Rules.Select(rule => rule.Key).FirstOrDefault(key => roles.Contains(key.Role));

        string? weight = parts.Weights.Keys.FirstOrDefault()?.Name;
        string? objective = parts.Objective is { } given ? $"minimize={given}" : null;
        string[] methods = [.. new[] { weight, objective }.OfType<string>(), .. parts.Rules.Where(rule => rule.Key.Role == RuleRole.Method).Select(rule => rule.Key.Name)];
        if (methods.Length > 1)
            throw RecipeErrors.Exclusive(text, methods[0], methods[1], "each says by itself what is worth keeping");
        if (first(RuleRole.Threshold) is { } threshold && weight is null && methods.Length > 0)
            throw RecipeErrors.Exclusive(text, methods[0], threshold.Name, $"{threshold.Name} cuts scores, and {methods[0]} has none");
        if (first(RuleRole.Method) is { } method && first(RuleRole.Limit) is { } limit)
            throw RecipeErrors.MethodWithLimit(text, method, limit);

        bool stops = first(RuleRole.Threshold, RuleRole.Limit) is not null;
        if (weight is not null && !stops)
            throw RecipeErrors.NoSelection(text, RuleRole.Threshold, RuleRole.Limit);
        if (objective is not null && !stops)
            throw RecipeErrors.NoSelection(text, RuleRole.Limit);
        if (methods.Length == 0 && parts.Rules.Count == 0)
            throw RecipeErrors.NothingButScale(text);
        if (methods.Length == 0 && stops)
            throw RecipeErrors.NothingToGoBy(text, first(RuleRole.Threshold, RuleRole.Limit)!);
    }
}
