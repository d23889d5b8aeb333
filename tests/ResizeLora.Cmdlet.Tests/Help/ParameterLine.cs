using System.Management.Automation;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>What help says of a parameter, as one line: easy to compare, and to read where it differs.</summary>
internal static class ParameterLine
{
    public static string Of(string name, string type, string required, string position, string pipelineInput, string globbing) =>
        $"{name}: {type}, required {required}, position {position}, pipeline {pipelineInput}, wildcards {globbing}";

    /// <summary>The same from a cmdlet.</summary>
    public static string Of(CommandParameterInfo parameter) => Of(
        parameter.Name,
        (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType).FullName!,
        parameter.IsMandatory ? "true" : "false",
        parameter.Position >= 0 ? $"{parameter.Position}" : "named",
        PipelineInput(parameter),
        parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any() ? "true" : "false");

    /// <summary>The same parameters give the same text, whatever their order.</summary>
    public static string Join(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));

    private static string PipelineInput(CommandParameterInfo parameter) => (parameter.ValueFromPipeline, parameter.ValueFromPipelineByPropertyName) switch
    {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        _ => "false",
    };
}
