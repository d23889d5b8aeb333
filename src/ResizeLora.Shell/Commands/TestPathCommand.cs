using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet(VerbsDiagnostic.Test, "Path", DefaultParameterSetName = "Path")]
internal sealed class TestPathCommand : PathCommand
{
    /// <summary>Container or Leaf, when it matters which of the two is there.</summary>
    [Parameter]
    [ValidateSet("Any", "Container", "Leaf")]
    public string PathType { get; set; } = "Any";

    protected override void Process(string path)
    {
        bool exists = InvokeProvider.Item.Exists(path, force: true, IsLiteral);
        if (exists && PathType != "Any")
        {
            exists = InvokeProvider.Item.Get([path], true, IsLiteral)
                .Any(item => item.Properties["PSIsContainer"]?.Value is true == (PathType == "Container"));
        }

        WriteObject(exists);
    }
}
