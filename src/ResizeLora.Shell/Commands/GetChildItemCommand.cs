using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsCommon.Get, "ChildItem", DefaultParameterSetName = "Path")]
internal sealed class GetChildItemCommand : PathCommand
{
    [Parameter(Position = 1)]
    public string? Filter { get; set; }

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter File { get; set; }

    [Parameter]
    public SwitchParameter Directory { get; set; }

    [Parameter]
    public SwitchParameter Name { get; set; }

    protected override void Process(string path)
    {
        string? pattern = Filter;
        if (Recurse && pattern is null && !IsLiteral)
        {
            // With -Recurse a pattern at the end of the path says which items are meant, at any depth.
            string last = SessionState.Path.ParseChildName(path);
            if (WildcardPattern.ContainsWildcardCharacters(last))
            {
                pattern = last;
                path = SessionState.Path.ParseParent(path, "") is { Length: > 0 } parent ? parent : ".";
            }
        }

        var filter = pattern is null ? null : WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        foreach (PSObject item in InvokeProvider.ChildItem.Get([path], Recurse, Force, IsLiteral))
        {
            var name = (string?)item.Properties["PSChildName"]?.Value ?? "";
            bool isContainer = item.Properties["PSIsContainer"]?.Value is true;
            if ((!File || !isContainer) && (!Directory || isContainer) && filter?.IsMatch(name) is not false)
            {
                WriteObject(Name ? name : item);
            }
        }
    }
}
