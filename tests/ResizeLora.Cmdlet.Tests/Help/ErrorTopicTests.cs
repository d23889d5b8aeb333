using System.Reflection;
using System.Text.RegularExpressions;
using ResizeLora.Testing;
using ResizeLora.Torch;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>Scripts rely on error ids, so the page of them has each that the code has, and no other.</summary>
public sealed partial class ErrorTopicTests
{
    /// <summary>Before the reason why libtorch can't be used.</summary>
    private const string TorchPrefix = "Torch";

    private static string Topic => HelpSource.Topics["about_ResizeLora_Errors"];

    [Fact]
    public void Lists_every_error_of_the_code_and_no_other()
    {
        string[] listed = [.. Entry().Matches(Topic).Select(match => match.Groups["id"].Value)];
        Assert.Empty(InCode().Except(listed));
        Assert.Empty(listed.Except(InCode()));
        Assert.Distinct(listed);
    }

    [Fact]
    public void Says_something_of_each() => Assert.All(Entry().Matches(Topic), match => Assert.EndsWith(".", match.Groups["text"].Value.TrimEnd(), StringComparison.Ordinal));

    /// <summary>Ids are found in compiled code: direct arguments, those of helpers, constants, and the reasons of libtorch.</summary>
    [Theory]
    [InlineData("OutputExists")]
    [InlineData("RecipeUnknownKey")]
    [InlineData("DestinationNotWritable")]
    [InlineData("NotFileSystem")]
    [InlineData("TorchDamaged")]
    public void Ids_are_found_in_the_code(string id) => Assert.Contains(id, InCode());

    /// <summary>What is passed as the id of an error: single words of methods that make one.</summary>
    private static IEnumerable<string> InCode() =>
    [
        .. new[] { typeof(ResizeLoraException).Assembly, typeof(TorchUnavailableException).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => Instructions.Calls(method).Any(TakesErrorId))
            .SelectMany(Instructions.Texts)
            .Where(text => Word().IsMatch(text) && text != TorchPrefix),
        .. Enum.GetNames<TorchUnavailableReason>().Select(reason => TorchPrefix + reason),
    ];

    private static bool TakesErrorId(MethodBase method) =>
        method.DeclaringType?.Namespace?.StartsWith(nameof(ResizeLora), StringComparison.Ordinal) == true
        && method.GetParameters().Any(parameter => parameter.Name is "errorId" && parameter.ParameterType == typeof(string));

    [GeneratedRegex(@"^    (?<id>[A-Z][A-Za-z]+)\n(?<text>(        .+\n)+)", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("^[A-Z][A-Za-z]{4,}$")]
    private static partial Regex Word();
}
