using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Tables hold all that they should at every width: no column is dropped and no number cut.</summary>
public sealed class TableTests : IDisposable
{
    private readonly ViewBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Layers(int width)
    {
        string[] lines = _bench.Print("$layers", width);

        Assert.StartsWith("   Path: ", lines[0], StringComparison.Ordinal);
        string[] table = [.. lines.SkipWhile(line => !line.StartsWith("Rank", StringComparison.Ordinal))];
        Assert.Equal(["Rank", "EffRank", "σ₁", "σ₁/base", "Spectrum", "Layer"], Words(table[0]));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.DoesNotContain(lines, line => line.Contains('…', StringComparison.Ordinal));
        string[] rows = [.. table.Skip(2).Where(line => line[3] != ' ')];
        Assert.Equal(SampleModel.LayerNames.Count, rows.Length);
        Assert.All(rows, row => Assert.Matches(@"^   8 +\d\.\d +\d\.\d{4} +\d\.\d{4} [#*+=:._-]{8} +lora_", row));
        Assert.Equal(string.Concat(SampleModel.LayerNames.Order(StringComparer.Ordinal)), string.Concat(table.Skip(2).Select(line => line[48..])));
    }

    [Fact]
    public void Layers_without_a_checkpoint_leave_the_comparison_empty() =>
        Assert.Contains(_bench.Print("Get-LoraSpectrum style.safetensors", 200), line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^   8 +\d\.\d +\d\.\d{4} {10}[#*+=:._-]{8} +lora_"));

    [Theory]
    [InlineData("Format-Table")]
    [InlineData("Format-List")]
    public void A_name_from_a_stranger_does_nothing_to_the_console(string format)
    {
        new SampleFile().AddLora("lora_\u001b[2J\u001b]0;x\u0007\u202e\n_x", 4, 3, 2, new Random(1)).Write(Path.Combine(_bench.Folder, "hostile.safetensors"));

        string printed = string.Join('|', _bench.PrintRich($"Get-LoraSpectrum hostile.safetensors | {format}", 200));

        Assert.Contains("lora_?[2J?]0;x???_x", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(printed, char.IsControl);
    }

    [Fact]
    public void Spectra_are_drawn_with_blocks_where_the_console_has_them() =>
        Assert.Contains(_bench.PrintRich("$layers", 120), line => line.Contains(" █", StringComparison.Ordinal));

    [Fact]
    public void Layers_are_grouped_by_file() =>
        Assert.Equal(2, _bench.Print("Copy-Item style.safetensors other.safetensors; Get-LoraSpectrum style.safetensors, other.safetensors", 120).Count(line => line.StartsWith("   Path: ", StringComparison.Ordinal)));

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Results(int width)
    {
        string[] lines = _bench.Print("$results", width);

        string[] columns = ["Thr", "Rank", "Size", "Saved", "Error", "Name", .. width > 80 ? ["Recipe"] : Array.Empty<string>()];
        Assert.Equal(columns, Words(lines[0]));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.Matches(@"^ -1\.20 +32->\d+ +\d[\d.]+->\d[\d.]+ KiB +\d+% 0\.\d{4} style_spnckpt1_th", lines[2]);
        Assert.Equal("style_spnckpt1_th-1.2.safetensors", Names(lines, width));
        if (width > 80)
            Assert.EndsWith(" spn_ckpt=1,thr=-1.2", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Results_with_the_longest_numbers_and_names(int width)
    {
        const string Name = "a_lora_with_the_name_of_a_character_in_a_style_v2_final_spnckpt1_th-1.2.safetensors";
        string path = Path.Combine(_bench.Folder, Name);
        string[] lines = _bench.Print($"$results[0].psobject.BaseObject | ForEach-Object {{ [ResizeLora.Cmdlet.Tests.Views.TableTests]::Large($_, '{path}') }}", width);

        Assert.DoesNotContain(lines, line => line.Contains('…', StringComparison.Ordinal));
        Assert.Matches(@"^  -inf 924160->924160 1023->1023 MiB    0% 0\.0000 a_lora", lines[2]);
        Assert.Equal(Name, Names(lines, width));
    }

    [Fact]
    public void Recipes()
    {
        string[] lines = _bench.Print("New-ResizeRecipe 'spn_ckpt=1,thr=-1:params=1,size=2'", 80);

        Assert.Equal(["NeedsCheckpoint", "Recipe"], Words(lines[0]));
        Assert.Equal(["True", "spn_ckpt=1,thr=-1"], Words(lines[2]));
        Assert.Equal(["False", "params=1,size=2"], Words(lines[3]));
    }

    [Fact]
    public void Cache_entries()
    {
        string[] lines = _bench.Print("Get-SpectralNormCache", 80);

        Assert.Equal(["Layers", "LastWriteTime", "SHA-256", "Checkpoint"], Words(lines[0]));
        Assert.Matches(@"^     4 \d{4}-\d\d-\d\d \d\d:\d\d [0-9a-f]{12} base\.safetensors$", lines[2]);
    }

    /// <summary>A result of which each number needs all of its column.</summary>
    public static ResizeResult Large(ResizeResult result, string path)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result with { Path = path, Threshold = double.NegativeInfinity, SourceRank = 924160, Rank = 924160, SourceSize = 1023L << 20, Size = 1023L << 20, RelativeError = 0 };
    }

    /// <summary>The column of names, of which one may take several lines.</summary>
    private static string Names(string[] lines, int width)
    {
        int start = lines[0].IndexOf("Name", StringComparison.Ordinal);
        return string.Concat(lines.Skip(2).Select(line => line.PadRight(width).Substring(start, Math.Min(44, width - start)).Trim()));
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
