using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Completion;

/// <summary>Presses Tab in a session with the module, a checkpoint and a LoRA.</summary>
public sealed class CompletionBench : IDisposable
{
    /// <summary>The engine completes paths with this command, by its full name, which the engine package lacks.</summary>
    private const string ResolvePath = """
        New-Module -Name Microsoft.PowerShell.Management -ScriptBlock {
            function Resolve-Path {
                [CmdletBinding()]
                param([string] $Path)
                $PSCmdlet.SessionState.Path.GetResolvedPSPathFromPSPath($Path)
            }
        } | Import-Module
        """;

    private readonly Bench _bench = new();

    public CompletionBench()
    {
        _bench.RunClean(ResolvePath);
        _bench.AddCheckpoint();
        _bench.AddLora();
        _bench.AddText("notes.txt", "not meant");
        _bench.AddText("broken.safetensors", "no safetensors file");
        Directory.CreateDirectory(_bench.PathOf("folder"));
    }

    /// <summary>Computes norms of the checkpoint, and returns the hash by which the cache has them.</summary>
    public string FillCache() =>
        _bench.RunClean("$null = Get-LoraSpectrum style.safetensors -Checkpoint base.safetensors; (Get-SpectralNormCache).Sha256").Only<string>();

    public string PathOf(string name) => _bench.PathOf(name);

    /// <summary>What Tab offers where the line has a bar.</summary>
    public IReadOnlyList<CompletionResult> Complete(string line)
    {
        int cursor = line.IndexOf('|', StringComparison.Ordinal);
        return [.. Run(line.Remove(cursor, 1), cursor).CompletionMatches];
    }

    public string[] Texts(string line) => [.. Complete(line).Select(result => result.CompletionText)];

    /// <summary>The line with the only match put in.</summary>
    public string Press(string line)
    {
        int cursor = line.IndexOf('|', StringComparison.Ordinal);
        string text = line.Remove(cursor, 1);
        CommandCompletion completion = Run(text, cursor);
        CompletionResult match = Assert.Single(completion.CompletionMatches);
        return text.Remove(completion.ReplacementIndex, completion.ReplacementLength).Insert(completion.ReplacementIndex, match.CompletionText);
    }

    public void Dispose() => _bench.Dispose();

    private CommandCompletion Run(string text, int cursor) =>
        _bench.RunClean("[System.Management.Automation.CommandCompletion]::CompleteInput($args[0], $args[1], $null)", text, cursor).Only<CommandCompletion>();
}
