using System.Security.Cryptography;
using System.Text;

namespace ResizeLora.Output;

/// <summary>Words which layers of an input were worked on, so that an output of some is not taken for one of all.</summary>
internal static class LayerChoice
{
    public const string All = "all";

    /// <summary>"all", or a hash of the names.</summary>
    public static string Of(IEnumerable<string> chosen, IEnumerable<string> available)
    {
        string[] names = [.. chosen.Order(StringComparer.Ordinal)];
        return names.SequenceEqual(available.Order(StringComparer.Ordinal))
            ? All
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', names))));
    }
}
