using ResizeLora.Recipes.Rules;

namespace ResizeLora.Recipes;

/// <summary>A key whose value makes a selection rule.</summary>
/// <param name="name">The key.</param>
/// <param name="help">What it does, in a line.</param>
/// <param name="rule">Checks a value and makes the rule.</param>
/// <param name="examples">Values to start from; the best first.</param>
internal sealed class SelectionKey(string name, string help, Func<RecipeValue, SelectionRule> rule, params IReadOnlyList<string> examples)
    : RecipeKey(name, help, examples)
{
    public override void AddTo(RecipeParts recipe, RecipeValue value) => recipe.Rules.Add((this, rule(value)));
}
