using System.Management.Automation;
using System.Security.Cryptography;
using ResizeLora.Norms;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>A session with a norm cache of its own, and what is needed to fill its folder and to look at it.</summary>
internal sealed class Bench : IDisposable
{
    /// <summary>A recipe that needs no checkpoint.</summary>
    public const string ByItself = "spn_lora=1,thr=-0.3";

    private readonly ModuleSession _session;
    private readonly string? _cacheBefore = Environment.GetEnvironmentVariable(NormCache.FolderVariable);

    /// <param name="host">The console; by default none is there.</param>
    public Bench(RecordingHost? host = null)
    {
        _session = new ModuleSession(host);
        Cache = PathOf("cache");
        _session.RunOrThrow("$env:RESIZELORA_CACHE = $args[0]", Cache);
    }

    /// <summary>The folder of the norm cache; not part of <see cref="Listing"/>.</summary>
    public string Cache { get; }

    public string Folder => _session.Folder;

    public string PathOf(string name) => _session.PathOf(name);

    public RunResult Run(string script, params object?[] arguments) => _session.Run(script, arguments);

    /// <summary>Runs a script as a prompt does: what it writes goes to the console of the host.</summary>
    public RunResult RunInConsole(string script) => _session.RunInConsole(script);

    /// <summary>Runs a script and stops it; see <see cref="ModuleSession.RunAndStop"/>.</summary>
    public (RunResult Result, TimeSpan Delay, TimeSpan Work) RunAndStop(string script, Func<PSDataStreams, bool> when, params object?[] arguments) => _session.RunAndStop(script, when, arguments);

    /// <summary>Runs a script that is expected to write no error and no warning.</summary>
    public RunResult RunClean(string script, params object?[] arguments)
    {
        RunResult result = Run(script, arguments);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        return result;
    }

    /// <summary>Runs a script that is expected to write no error, and no warning but that an output is no smaller.</summary>
    public RunResult RunGrowing(string script, params object?[] arguments)
    {
        RunResult result = Run(script, arguments);
        Assert.Empty(result.Errors);
        Assert.All(result.Warnings, warning => Assert.Matches("^[0-9]+ files? (did|would) not get smaller", warning));
        return result;
    }

    /// <summary>Writes the sample checkpoint.</summary>
    public string AddCheckpoint(string name = "base.safetensors", int seed = 1) => SampleModel.Checkpoint(seed).Write(Made(name));

    /// <summary>Writes a sample LoRA for it.</summary>
    public string AddLora(string name = "style.safetensors", int seed = 2) => SampleModel.Lora(seed).Write(Made(name));

    public string Add(string name, SampleFile file) => file.Write(Made(name));

    public string AddText(string name, string text)
    {
        File.WriteAllText(Made(name), text);
        return PathOf(name);
    }

    // A folder may hold a link to itself.
    private static EnumerationOptions Everything { get; } = new() { RecurseSubdirectories = true, MaxRecursionDepth = 6, AttributesToSkip = FileAttributes.None };

    /// <summary>All files and folders outside of the cache, with a hash of what they hold.</summary>
    public IReadOnlyList<string> Listing() =>
    [
        .. Directory.EnumerateFileSystemEntries(Folder, "*", Everything)
            .Where(path => path != Cache && !path.StartsWith(Cache + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(Folder, path)} {(File.Exists(path) ? Hash(path) : "folder")}"),
    ];

    /// <summary>Names of the files in a folder that end in .safetensors.</summary>
    public IReadOnlyList<string> Names(string folder = ".") =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.safetensors").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Runs a script that is expected to fail with one error and to leave every file as it was.</summary>
    public ExpectedError RunFailing(string script, params object?[] arguments)
    {
        IReadOnlyList<string> before = Listing();

        // An error that ends a cmdlet lets a script go on with its next statement, unless it is caught and thrown again.
        RunResult result = Run($"try {{ {script} }} catch {{ $global:Caught = $_; throw }}", arguments);
        Assert.Equal(before, Listing());
        Assert.Empty(result.Output);
        ErrorRecord error = Assert.Single(result.Errors);

        // What a script catches has its inner exceptions; what comes out of the engine has lost them.
        return new ExpectedError(result.IsTerminated ? Run("$Caught").Only<ErrorRecord>() : error, result.IsTerminated);
    }

    public void Dispose()
    {
        _session.Dispose();
        Environment.SetEnvironmentVariable(NormCache.FolderVariable, _cacheBefore);
    }

    public static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private string Made(string name)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
