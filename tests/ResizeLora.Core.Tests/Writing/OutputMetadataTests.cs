using System.Text.Json;
using ResizeLora.Safetensors;
using ResizeLora.Writing;

namespace ResizeLora.Core.Tests.Writing;

public class OutputMetadataTests
{
    private static readonly ResizeParameters Parameters = new(ResizeRecipe.Default, -1.2, ResizePrecision.BFloat16, "Keep", LayerChoice.All, "some \"style\" 😀.safetensors", new string('a', 64), CheckpointSha256: null);

    [Fact]
    public void Everything_that_was_there_stays_in_its_place()
    {
        IReadOnlyList<KeyValuePair<string, string>> metadata = Create([new("z", "1"), new("ss_x", "é"), new("a", "")]);
        Assert.Equal([new("z", "1"), new("ss_x", "é"), new("a", "")], metadata.Take(3));
        Assert.Equal(["resize_params", "sshs_model_hash", "sshs_legacy_hash"], metadata.Skip(3).Select(pair => pair.Key));
    }

    [Fact]
    public void The_numbers_of_the_training_become_dynamic_where_they_were_there()
    {
        IReadOnlyList<KeyValuePair<string, string>> metadata = Create([new("ss_network_alpha", "16"), new("ss_network_dim", "32")]);
        Assert.Equal([new("ss_network_alpha", "Dynamic"), new("ss_network_dim", "Dynamic")], metadata.Take(2));
        Assert.DoesNotContain(Create([]), pair => pair.Key.StartsWith("ss_", StringComparison.Ordinal));
    }

    [Fact]
    public void The_parameters_are_valid_json_that_tells_how_the_file_came_about()
    {
        JsonElement json = ParametersOf(Create([], Parameters));
        Assert.Equal("spn_ckpt=1,thr=-1.2", json.GetProperty("recipe").GetString());
        Assert.Equal(-1.2, json.GetProperty("threshold").GetDouble());
        Assert.Equal("some \"style\" 😀.safetensors", json.GetProperty("source").GetString());
        Assert.Equal(new string('a', 64), json.GetProperty("source_sha256").GetString());
        Assert.Equal("BFloat16", json.GetProperty("precision").GetString());
        Assert.Equal("ResizeLora", json.GetProperty("tool").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", json.GetProperty("version").GetString());
    }

    [Theory]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.PositiveInfinity)]
    public void An_infinite_threshold_is_null_for_json_has_no_infinity(double threshold) =>
        Assert.Equal(JsonValueKind.Null, ParametersOf(Create([], Parameters with { Threshold = threshold })).GetProperty("threshold").ValueKind);

    [Fact]
    public void A_second_run_replaces_what_the_first_wrote()
    {
        IReadOnlyList<KeyValuePair<string, string>> first = Create([]);
        IReadOnlyList<KeyValuePair<string, string>> second = Create(first, Parameters with { Threshold = -2 });
        Assert.Equal(first.Select(pair => pair.Key), second.Select(pair => pair.Key));
        Assert.Equal(-2, ParametersOf(second).GetProperty("threshold").GetDouble());
    }

    [Fact]
    public void Changed_entries_replace_those_of_the_source()
    {
        IReadOnlyList<KeyValuePair<string, string>> metadata = OutputMetadata.Create(Header([new("layer:rank", "32")]), Parameters, [new("layer:rank", "5")]);
        Assert.Equal(new("layer:rank", "5"), metadata[0]);
        Assert.Single(metadata, pair => pair.Key == "layer:rank");
    }

    [Fact]
    public void Hashes_take_as_many_bytes_as_their_place_holders()
    {
        IReadOnlyList<KeyValuePair<string, string>> planned = Create([new("sshs_model_hash", "old"), new("k", "v")]);
        IReadOnlyList<KeyValuePair<string, string>> written = OutputMetadata.WithHashes(planned, new ModelHashes(new string('e', 64), "12345678"));
        SafetensorsLayout layout = SafetensorsLayout.Create([]);
        Assert.Equal(layout.Header(planned).Length, layout.Header(written).Length);
        Assert.Equal(new("sshs_model_hash", new string('e', 64)), written[0]);
        Assert.Contains(new("sshs_legacy_hash", "12345678"), written);
    }

    [Fact]
    public void A_resized_file_is_known_by_its_parameters()
    {
        Assert.True(OutputMetadata.IsResized(Header(Create([]))));
        Assert.False(OutputMetadata.IsResized(Header([new("ss_network_dim", "Dynamic")])));
        Assert.False(OutputMetadata.IsResized(Header([])));
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Create(IReadOnlyList<KeyValuePair<string, string>> source, ResizeParameters? parameters = null) =>
        OutputMetadata.Create(Header(source), parameters ?? Parameters, []);

    private static SafetensorsHeader Header(IReadOnlyList<KeyValuePair<string, string>> metadata) => new([], metadata, metadata.Count > 0, 8);

    private static JsonElement ParametersOf(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        JsonDocument.Parse(metadata.Single(pair => pair.Key == "resize_params").Value).RootElement;
}
