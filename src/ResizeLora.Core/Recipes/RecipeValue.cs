using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>The value of a key as a recipe has it, and where; reads and checks it.</summary>
/// <param name="Recipe">The text that the recipe is from.</param>
/// <param name="Position">Where in it the value begins; null where it was not given as text.</param>
/// <param name="Key">The key.</param>
/// <param name="Text">The value; null where the key stands alone.</param>
internal sealed record RecipeValue(string Recipe, int? Position, RecipeKey Key, string? Text)
{
    /// <summary>Any number.</summary>
    public double Number() =>
        Text is not null && double.TryParse(TypedNumber.Plain(Text), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw RecipeErrors.NotANumber(this);

    /// <summary>A number that meets a condition.</summary>
    /// <param name="condition">What the number must be, in words.</param>
    /// <param name="holds">The same as a check.</param>
    public double Number(string condition, Func<double, bool> holds)
    {
        double number = Number();
        return holds(number) ? number : throw RecipeErrors.OutOfRange(this, condition, number);
    }

    /// <summary>A share of a whole.</summary>
    public double Share() => Number("greater than 0 and at most 1", share => share is > 0 and <= 1);

    /// <summary>A whole number of at least 1.</summary>
    public int Whole()
    {
        double number = Number("at least 1", number => number >= 1);
        return number == Math.Floor(number) && number <= int.MaxValue ? (int)number : throw RecipeErrors.NotAWholeNumber(this);
    }

    public double PositiveNumber() => Number("greater than 0", number => number > 0);

    /// <summary>A size of a file.</summary>
    public SizeLimit Size()
    {
        if (SizeLimit.Parse(Text!) is not { } size)
            throw RecipeErrors.NotASize(this);
        if (size.Number <= 0)
            throw RecipeErrors.OutOfRange(this, "greater than 0", size.Number);

        return size.InMiB >= SizeLimit.TooLargeMiB ? throw RecipeErrors.SizeTooLarge(this, size) : size;
    }
}
