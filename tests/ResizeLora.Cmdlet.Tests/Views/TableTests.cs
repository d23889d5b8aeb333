using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Tables hold all that they should at every width: no column is dropped, no number cut, and only names wrap.</summary>
public sealed class TableTests : IDisposable
{
    private readonly ViewBench _bench = new();

    public static TheoryData<int> Widths => [80, 100, 120, 200];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Widths))]
    public void Layers(int width)
    {
        string[] lines = _bench.Print("$layers", width);

        Assert.StartsWith("   Path: ", lines[0], StringComparison.Ordinal);
        string[] table = [.. lines.SkipWhile(line => !line.StartsWith(" Rank", StringComparison.Ordinal))];
        Assert.Equal(["Rank", "EffRank", "SpecNorm", "RelNorm", "Spectrum", "Name"], Words(table[0]));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.DoesNotContain(lines, line => line.Contains('…', StringComparison.Ordinal));
        string[] rows = [.. table.Skip(2).Where(line => line[4] != ' ')];
        Assert.Equal(SampleModel.LayerNames.Count, rows.Length);
        Assert.All(rows, row => Assert.Matches(@"^    8 +\d\.\d +\d\.\d{4} +\d\.\d{4} [▁-█]{8} +lora_", row));
        Assert.Equal(SampleModel.LayerNames.Order(StringComparer.Ordinal), Names(table));
    }

    [Fact]
    public void Layers_without_a_checkpoint_leave_the_comparison_empty() =>
        Assert.Contains(_bench.Print("Get-LoraSpectrum style.safetensors", 200), line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^    8 +\d\.\d +\d\.\d{4} {10}[▁-█]{8} +lora_"));

    [Fact]
    public void Layers_are_grouped_by_file() =>
        Assert.Equal(2, _bench.Print("Copy-Item style.safetensors other.safetensors; Get-LoraSpectrum style.safetensors, other.safetensors", 120).Count(line => line.StartsWith("   Path: ", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Results(int width)
    {
        string[] lines = _bench.Print("$results", width);

        Assert.Equal($"   Directory: {Path.Combine(_bench.Folder, "out")}", lines[0]);
        Assert.Equal(["Rank", "Size", "Saved", "Error", "Name"], Words(lines[1]));
        Assert.Matches(@"^ +\d+ +\d[\d.]+ KiB +\d+\.\d% 0\.\d{4} style_spnckpt1_th-1\.2\.safetensors$", Assert.Single(lines.Skip(3)));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Results_with_the_longest_numbers_and_names(int width)
    {
        const string Name = "a_lora_with_the_name_of_a_character_in_a_style_v2_final_spnckpt1_th-1.2.safetensors";
        string path = Path.Combine(_bench.Folder, Name);
        string[] lines = _bench.Print($"[ResizeLora.Cmdlet.Tests.Views.TableTests]::Large($results[0].psobject.BaseObject, '{path}')", width);

        Assert.DoesNotContain(lines, line => line.Contains('…', StringComparison.Ordinal));
        Assert.Matches(@"^ 924160 1023 MiB  -10565% 1\.0000 a_lora", lines[3]);
        Assert.Equal([Name], Names(lines[1..]));
    }

    [Fact]
    public void Results_in_several_folders_are_grouped() =>
        Assert.Equal(2, _bench.Print("& { $results; $layers | Invoke-LoraResize -Destination other }", 100).Count(line => line.StartsWith("   Directory: ", StringComparison.Ordinal)));

    [Fact]
    public void Planned_results_are_told_from_written_ones()
    {
        string[] lines = _bench.Print("& { $results; $layers | Invoke-LoraResize -Destination out -Recipe 'spn_lora=1,thr=-0.3' -WhatIf -PassThru }", 100);

        Assert.Equal(
            [$"   Directory: {Path.Combine(_bench.Folder, "out")}", $"   Directory: {Path.Combine(_bench.Folder, "out")}  (planned, not written)"],
            lines.Where(line => line.StartsWith("   Directory: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Recipes()
    {
        string[] lines = _bench.Print("New-ResizeRecipe 'spn_ckpt=1,thr=-1:params=1,size=2'", 80);

        Assert.Equal(["NeedsCheckpoint", "Recipe"], Words(lines[0]));
        Assert.Equal(["True", "spn_ckpt=1,thr=-1"], Words(lines[2]));
        Assert.Equal(["False", "params=1,size=2"], Words(lines[3]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Cache_entries(int width)
    {
        string[] lines = _bench.Print("Get-SpectralNormCache", width);

        Assert.Equal(["LayerCount", "LastWriteTime", "Sha256", "Name"], Words(lines[0]));
        Assert.Matches(@"^         4 \d{4}-\d\d-\d\d \d\d:\d\d [0-9a-f]{12} base\.safetensors$", lines[2]);
    }

    /// <summary>A result of which each number needs all of its column.</summary>
    public static ResizeResult Large(ResizeResult result, string path)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result with { Path = path, Rank = 924160, SourceSize = 10_058_000, Size = 1023L << 20, RelativeError = 1 };
    }

    /// <summary>The last column of a table; a name may take several lines.</summary>
    private static List<string> Names(string[] table)
    {
        int start = table[0].IndexOf("Name", StringComparison.Ordinal);
        var names = new List<string>();
        foreach (string line in table.Skip(2))
        {
            if (line[..start].Trim().Length > 0)
                names.Add(line[start..]);
            else
                names[^1] += line[start..];
        }

        return names;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
