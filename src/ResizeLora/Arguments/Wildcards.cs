using System.Management.Automation;

namespace ResizeLora.Arguments;

/// <summary>Distinguishes patterns from names that contain a bracket.</summary>
internal static class Wildcards
{
    /// <summary>Whether a text is a pattern. With a bracket that is not closed, it can only be a name.</summary>
    public static bool AreIn(string text)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(text))
            return false;

        try
        {
            // The engine looks at a pattern only when it is used.
            WildcardPattern.Get(text, WildcardOptions.None).IsMatch(string.Empty);
            return true;
        }
        catch (WildcardPatternException)
        {
            return false;
        }
    }
}
