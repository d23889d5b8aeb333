namespace ResizeLora.Recipes;

/// <summary>Numbers as users may write them: decimals with a point, whatever their country, and nothing between thousands.</summary>
internal static class WrittenNumber
{
    /// <summary>What to write instead of a number with a comma, which PowerShell would leave out.</summary>
    public static string Advice(string value) =>
        value.LastIndexOf(',') is var comma && comma > 0 && value.Length - comma == 4 && value[(comma + 1)..].All(char.IsAsciiDigit) && value.TrimStart('-', '+')[0] != '0'
            ? $"write it without a separator, {value.Replace(",", string.Empty, StringComparison.Ordinal)}, or a decimal with a point, {value[..comma].Replace(",", string.Empty, StringComparison.Ordinal)}.{value[(comma + 1)..]}"
            : $"write decimals with a point, {value.Replace(',', '.')}";
}
