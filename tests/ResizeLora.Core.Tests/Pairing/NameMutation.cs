using CsCheck;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>One small change of a name.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Where">Where it is done, modulo the length.</param>
/// <param name="What">Which letter comes in.</param>
internal sealed record NameMutation(int Kind, int Where, int What)
{
    /// <summary>How many kinds of change there are.</summary>
    public const int Kinds = 8;

    private const string Letters = "0123456789abkqtvw_.";

    public static Gen<NameMutation> Any { get; } =
        Gen.Select(Gen.Int[0, Kinds - 1], Gen.Int[0, 100_000], Gen.Int[0, 100_000], (kind, where, what) => new NameMutation(kind, where, what));

    public string Apply(string name)
    {
        int at = Where % name.Length;
        char letter = Letters[What % Letters.Length];
        string[] parts = name.Split('.', '_');
        int part = Where % parts.Length;
        return Kind switch
        {
            0 => name[..at] + letter + name[(at + 1)..],
            1 => name[..at] + letter + name[at..],
            2 => name[..at] + name[(at + 1)..],
            3 => name[..at] + name[at..].ToUpperInvariant(),
            4 => name[..at],
            5 => name[at..],

            // a part left out, or twice
            6 => string.Join(name.Contains('.') ? '.' : '_', parts.Where((_, index) => index != part)),
            _ => string.Join(name.Contains('.') ? '.' : '_', parts.SelectMany((text, index) => index == part ? [text, text] : new[] { text })),
        };
    }
}
