using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Files;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.TestHost;

/// <summary>What the process can be told to do.</summary>
internal static class Worker
{
    /// <summary>Said when work that never ends has gone round once.</summary>
    public const string Ready = "ready";

    /// <summary>Waits for a line, resizes one file, and says what came of it. The options are force, and a checkpoint with a cache folder.</summary>
    public static int Resize(string lora, string destination, string recipe, string[] options)
    {
        Say(Ready);
        Console.ReadLine();
        return Report(() =>
        {
            string? cache = options is [.., _, var folder] ? folder : null;
            using BaseCheckpoint? checkpoint = cache is null ? null : BaseCheckpoint.Open(options[^2], cache, new Listener(), CancellationToken.None);
            return [.. Pipeline(destination, options.Contains("force"), checkpoint, cache).Resize(lora, [ResizeRecipe.Parse(recipe)])];
        });
    }

    /// <summary>Decomposes a file, waits for a line, and resizes the layers that it has kept.</summary>
    public static int ResizeKept(string lora, string destination, string recipe)
    {
        List<DecomposedLayer> layers = [.. Pipeline(destination, overwrite: false).Decompose(lora)];
        Say(Ready);
        Console.ReadLine();
        return Report(() => [.. Pipeline(destination, overwrite: false).Resize(lora, [(ResizeRecipe.Parse(recipe), layers)])]);
    }

    /// <summary>Writes one output anew and replaces it by another of the same name, on and on.</summary>
    public static int ResizeOn(string first, string second, string destination, string recipe)
    {
        for (bool saidSo = false; ; saidSo = true)
        {
            string name = Pipeline(destination, overwrite: false).Resize(first, [ResizeRecipe.Parse(recipe)]).Single().Path;
            _ = Pipeline(destination, overwrite: true).Resize(second, [ResizeRecipe.Parse(recipe)]).Single();
            Remove(name, $"{destination}.removed");
            if (!saidSo)
                Say(Ready);
        }
    }

    /// <summary>Replaces a folder of two files that belong together by another one, on and on.</summary>
    public static int ReplaceOn(string folder, string canExchange)
    {
        for (int n = 0; ; n++)
        {
            using var staged = StagedFolder.Create(folder);
            foreach (string name in new[] { "a", "b" })
                File.WriteAllText(Path.Combine(staged.Path, name), $"{n % 1000}");
            _ = staged.TryMoveTo(Path.Combine(folder, "target"), overwrite: true, bool.Parse(canExchange));
            if (n == 1)
                Say(Ready);
        }
    }

    /// <summary>Adds norms to a cache, on and on. Those of layer n are n and 2n.</summary>
    public static int SaveOn(string folder)
    {
        var cache = new NormCache(folder, new Listener());
        for (int n = 1; ; n++)
        {
            cache.Save(new string('a', 64), "base", new Dictionary<string, MatrixNorms>(StringComparer.Ordinal) { [$"layer {n % 500}"] = new(n % 500, n % 500 * 2) });
            if (n == 1)
                Say(Ready);
        }
    }

    /// <summary>A folder goes elsewhere first: a kill must not leave half of it where outputs are looked at.</summary>
    private static void Remove(string output, string elsewhere)
    {
        if (!Directory.Exists(output))
        {
            File.Delete(output);
            return;
        }

        if (Directory.Exists(elsewhere))
            Directory.Delete(elsewhere, recursive: true);
        Directory.Move(output, elsewhere);
        Directory.Delete(elsewhere, recursive: true);
    }

    private static ResizePipeline Pipeline(string destination, bool overwrite, BaseCheckpoint? checkpoint = null, string? cacheFolder = null)
    {
        var options = new ResizeOptions { Output = OutputPath.In(destination), Overwrite = overwrite, CacheFolder = cacheFolder, Workers = 2 };
        NormCache? cache = cacheFolder is null ? null : new NormCache(cacheFolder, new Listener());
        return new ResizePipeline(new(new PlainEngine()), checkpoint is null ? null : new BaseNorms(checkpoint, cache), options, new OutputGuard(options), new OutputReview(new Listener()), new Listener(), CancellationToken.None);
    }

    private static int Report(Func<IReadOnlyList<ResizeResult>> work)
    {
        try
        {
            foreach (ResizeResult result in work())
                Say(result.Name);
            return 0;
        }
        catch (ResizeLoraException exception)
        {
            Say($"{exception.ErrorId}: {exception.Message}");
            return 1;
        }
    }

    private static void Say(string line)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }

    /// <summary>Lets the parent know what goes wrong; the work on a file ends with its first error.</summary>
    private sealed class Listener : IJobHost
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Say($"Warning: {message}");

        public void Error(ResizeLoraException exception) => throw exception;

        public void Progress(string path, string stage, int done, int total)
        {
        }

        public bool MayWrite(string path, string description, bool replaces) => true;
    }
}
