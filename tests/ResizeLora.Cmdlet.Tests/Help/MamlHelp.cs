using System.Xml.Linq;

namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>The help file that Get-Help reads.</summary>
internal static class MamlHelp
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static string Path { get; } = System.IO.Path.Combine(HelpSource.Shipped, "ResizeLora.dll-Help.xml");

    public static XDocument Document { get; } = XDocument.Load(Path, LoadOptions.PreserveWhitespace);

    public static IReadOnlyList<string> Commands { get; } =
        [.. Document.Descendants(Command + "command").Select(NameOf).Order(StringComparer.Ordinal)];

    public static string Synopsis(string command) => Paragraphs(Of(command).Element(Command + "details")!);

    public static string Description(string command) => Paragraphs(Of(command));

    /// <summary>One text per way to call the command, each with one line per parameter.</summary>
    public static IReadOnlyList<string> Syntax(string command) =>
    [
        .. Of(command).Descendants(Command + "syntaxItem")
            .Select(item => ParameterLine.Join(item.Elements(Command + "parameter").Select(Line)))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The parameters that are described, with their descriptions.</summary>
    public static IReadOnlyDictionary<string, (string Line, string Description)> Parameters(string command) => Of(command)
        .Element(Command + "parameters")?.Elements(Command + "parameter")
        .ToDictionary(ParameterName, element => (Line(element), Paragraphs(element)), StringComparer.Ordinal) ?? [];

    public static IReadOnlyList<HelpExample> Examples(string command) =>
    [
        .. Of(command).Descendants(Command + "example").Select(example => new HelpExample(
            example.Element(Maml + "title")!.Value.Trim('-', ' '),
            example.Element(Dev + "code")!.Value.ReplaceLineEndings("\n"),
            string.Join(' ', HelpSource.Words($"{Joined(example.Element(Maml + "introduction")!)} {Joined(example.Element(Dev + "remarks")!)}")))),
    ];

    private static XElement Of(string command) => Document.Descendants(Command + "command").Single(element => NameOf(element) == command);

    private static string NameOf(XElement command) => command.Element(Command + "details")!.Element(Command + "name")!.Value;

    private static string ParameterName(XElement parameter) => parameter.Element(Maml + "name")!.Value;

    private static string Paragraphs(XElement parent) =>
        string.Join("\n\n", parent.Element(Maml + "description")?.Elements(Maml + "para").Select(para => para.Value) ?? []);

    private static string Joined(XElement parent) => string.Join('\n', parent.Elements(Maml + "para").Select(para => para.Value));

    private static string Line(XElement parameter) => ParameterLine.Of(
        ParameterName(parameter),
        parameter.Element(Dev + "type")!.Element(Maml + "name")!.Value,
        (string)parameter.Attribute("required")!,
        (string)parameter.Attribute("position")!,
        (string)parameter.Attribute("pipelineInput")!,
        (string)parameter.Attribute("globbing")!);
}
