using System.Globalization;

namespace ResizeLora.Recipes.Rules;

/// <summary>
/// A rule by which a recipe keeps singular values. It is either a <see cref="LayerRule"/>, which decides for each layer alone,
/// or a <see cref="FileRule"/>, which decides over all layers. Where a recipe has several, all of them hold.
/// </summary>
internal abstract class SelectionRule
{
    /// <summary>The rule's value, as a recipe prints it.</summary>
    public abstract string Value { get; }

    /// <summary>A number as a recipe prints it; −0 is 0.</summary>
    protected static string Print(double value) => (value + 0.0).ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A rule over the singular values of one layer.</summary>
internal abstract class LayerRule : SelectionRule
{
    /// <summary>How many singular values of a layer it keeps: so many with the best scores. May be more than there are.</summary>
    public abstract int Rank(LayerSpectrum layer);

    /// <summary>Whether it decides on a layer in another rule's place.</summary>
    public virtual bool Replaces(LayerRule other, LayerSpectrum layer) => false;
}

/// <summary>A rule over all layers of a file.</summary>
internal abstract class FileRule : SelectionRule
{
    /// <summary>How many of the singular values in line it keeps; null if even none is too many.</summary>
    public abstract int? Count(IChoices choices);
}

/// <summary>
/// The choices among which a rule over all layers decides. All singular values that the rules of layers allow stand in line,
/// the best score first; each choice keeps the first ones.
/// </summary>
internal interface IChoices
{
    /// <summary>How many stand in line.</summary>
    int Count { get; }

    /// <summary>Bytes of the whole output file that keeps the first ones, to the byte.</summary>
    long FileLength(int count);

    /// <summary>The relative error of that file, rounding included.</summary>
    double RelativeError(int count);
}
