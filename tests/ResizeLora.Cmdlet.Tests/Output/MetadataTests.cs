using System.Text.Json;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>The metadata of an output: everything that was there, how it came about, and hashes that are right.</summary>
public sealed class MetadataTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Metadata_of_the_input_is_kept()
    {
        _bench.Add("style.safetensors", SampleModel.AddLayers(Described()));

        IReadOnlyDictionary<string, string> metadata = Resize("style.safetensors").Metadata;

        Assert.Equal("sdxl_base_v1-0", metadata["ss_base_model_version"]);
        Assert.Equal("Ein Bär, {\"a\": [1]} \\ 🎨\nzwei Zeilen", metadata["modelspec.description"]);
    }

    [Theory]
    [InlineData("ss_network_dim", "8")]
    [InlineData("ss_network_alpha", "4.0")]
    public void Rank_and_alpha_of_the_training_become_dynamic(string key, string value)
    {
        _bench.Add("style.safetensors", SampleModel.AddLayers(new SampleFile().AddMetadata(key, value)));

        Assert.Equal("Dynamic", Resize("style.safetensors").Metadata[key]);
    }

    [Fact]
    public void Rank_and_alpha_are_not_made_up()
    {
        _bench.Add("style.safetensors", SampleModel.AddLayers(Described()));

        Assert.DoesNotContain(Resize("style.safetensors").Metadata.Keys, key => key is "ss_network_dim" or "ss_network_alpha");
    }

    [Fact]
    public void Parameters_say_how_the_file_came_about()
    {
        string path = _bench.AddLora();

        ReferenceFile output = Resize("style.safetensors");

        using var parameters = JsonDocument.Parse(output.Metadata["resize_params"]);
        Assert.Equal(Bench.ByItself, parameters.RootElement.GetProperty("recipe").GetString());
        Assert.Equal(-0.3, parameters.RootElement.GetProperty("threshold").GetDouble());
        Assert.Equal("style.safetensors", parameters.RootElement.GetProperty("source").GetString());
        Assert.Equal(Bench.Hash(path), parameters.RootElement.GetProperty("source_sha256").GetString());
        Assert.Matches("^[0-9]+[.][0-9]+[.][0-9]+$", parameters.RootElement.GetProperty("version").GetString());
    }

    [Fact]
    public void Parameters_are_valid_json_where_everything_fits()
    {
        _bench.AddLora();

        ResizeResult result = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=100'").Only<ResizeResult>();

        Assert.Equal("style_spnlora1_size100_th-inf.safetensors", result.Name);
        using var parameters = JsonDocument.Parse(ReferenceFile.Open(result.Path).Metadata["resize_params"]);
        Assert.Equal(JsonValueKind.Null, parameters.RootElement.GetProperty("threshold").ValueKind);
    }

    [Fact]
    public void Parameters_are_valid_json_whatever_the_file_is_called()
    {
        const string Name = "my \"best\" 🎨.safetensors";
        _bench.AddLora(Name);

        ResizeResult result = _bench.RunClean("Invoke-LoraResize -LiteralPath $args[0] -Recipe $args[1]", Name, Bench.ByItself).Only<ResizeResult>();

        using var parameters = JsonDocument.Parse(ReferenceFile.Open(result.Path).Metadata["resize_params"]);
        Assert.Equal(Name, parameters.RootElement.GetProperty("source").GetString());
    }

    [Fact]
    public void File_without_metadata_gets_what_is_ours()
    {
        _bench.AddLora();

        Assert.Equal(["resize_params", "sshs_legacy_hash", "sshs_model_hash"], Resize("style.safetensors").Metadata.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Hashes_are_those_of_the_new_file()
    {
        // More than 0x100000 bytes, so that the legacy hash is not that of nothing.
        _bench.Add("style.safetensors", new SampleFile()
            .AddMetadata("ss_output_name", "style")
            .AddMetadata("sshs_model_hash", new string('1', 64))
            .AddMetadata("sshs_legacy_hash", "11111111")
            .AddMetadata("modelspec.title", "style")
            .AddMetadata("ss_tag", "b")
            .AddLora(SampleModel.Unet, 50000, 40, 20, new Random(3), 10));

        ReferenceFile output = Resize("style.safetensors", "params=1,thr=-100");

        Assert.Equal(output.ModelHash, output.Metadata["sshs_model_hash"]);
        Assert.Equal(output.LegacyHash, output.Metadata["sshs_legacy_hash"]);
        Assert.NotEqual("e3b0c442", output.LegacyHash);
    }

    private static SampleFile Described() => new SampleFile()
        .AddMetadata("ss_base_model_version", "sdxl_base_v1-0")
        .AddMetadata("modelspec.description", "Ein Bär, {\"a\": [1]} \\ 🎨\nzwei Zeilen");

    private ReferenceFile Resize(string path, string recipe = Bench.ByItself) =>
        ReferenceFile.Open(_bench.RunClean("Invoke-LoraResize $args[0] -Recipe $args[1]", path, recipe).Only<ResizeResult>().Path);
}
