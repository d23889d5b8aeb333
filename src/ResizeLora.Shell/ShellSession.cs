using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;
using ResizeLora.Shell.Commands;

namespace ResizeLora.Shell;

/// <summary>Makes the state that a runspace of the shell starts with.</summary>
internal static class ShellSession
{
    private const string FunctionsResource = "StandardFunctions.ps1";

    /// <summary>The engine's own commands, and the few standard ones that the engine package lacks.</summary>
    internal static InitialSessionState CreateState()
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // Starting this program with a script means that the script should run.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        state.Commands.Add(
        [
            Entry<GetChildItemCommand>("Get-ChildItem"),
            Entry<GetItemCommand>("Get-Item"),
            Entry<TestPathCommand>("Test-Path"),
            Entry<ResolvePathCommand>("Resolve-Path"),
            Entry<NewItemCommand>("New-Item"),
            Entry<CopyItemCommand>("Copy-Item"),
            Entry<RemoveItemCommand>("Remove-Item"),
            Entry<GetContentCommand>("Get-Content"),
            Entry<SetContentCommand>("Set-Content"),
            Entry<SortObjectCommand>("Sort-Object"),
            Entry<FormatTableCommand>("Format-Table"),
            Entry<FormatListCommand>("Format-List"),
            Entry<OutStringCommand>("Out-String"),
        ]);
        state.Commands.Add(ReadFunctions());
        return state;
    }

    /// <summary>Imports the module into a runspace that is open.</summary>
    internal static void ImportModule(Runspace runspace)
    {
        using var importer = PowerShell.Create(runspace);
        importer.AddCommand("Import-Module")
            .AddParameter("Name", ModuleManifest.Find())
            .AddParameter("ErrorAction", ActionPreference.Stop)
            .Invoke();
    }

    private static SessionStateCmdletEntry Entry<TCommand>(string name) where TCommand : Cmdlet => new(name, typeof(TCommand), null);

    private static IEnumerable<SessionStateFunctionEntry> ReadFunctions()
    {
        using Stream stream = typeof(ShellSession).Assembly.GetManifestResourceStream(FunctionsResource)!;
        using var reader = new StreamReader(stream);
        ScriptBlockAst script = Parser.ParseInput(reader.ReadToEnd(), out _, out _);
        foreach (FunctionDefinitionAst function in script.EndBlock.Statements.OfType<FunctionDefinitionAst>())
        {
            yield return new SessionStateFunctionEntry(function.Name, function.Body.Extent.Text[1..^1]);
        }
    }
}
