namespace ResizeLora;

/// <summary>Words how many there are of something.</summary>
internal static class Quantity
{
    /// <summary>A number with its noun, such as <c>1 layer</c> or <c>3 layers</c>.</summary>
    /// <param name="count">The number.</param>
    /// <param name="noun">The singular of what is counted; its plural ends in s.</param>
    public static string Of(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
