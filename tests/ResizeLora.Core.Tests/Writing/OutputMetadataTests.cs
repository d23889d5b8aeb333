using System.Text.Json;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Writing;

public class OutputMetadataTests
{
    private static readonly OutputRecord Parameters = new()
    {
        Recipe = ResizeRecipe.Default,
        Threshold = -1.2,
        Precision = ResizePrecision.BFloat16,
        UnmatchedLayer = UnmatchedLayer.Keep,
        SourceName = "some \"style\" 😀.safetensors",
        SourceSha256 = new string('a', 64),
    };

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

    [Fact]
    public void The_text_of_the_parameters_is_that_of_the_first_version()
    {
        OutputRecord record = Parameters with { RankLimits = new(EqualRank: true, RankMultiple: 8), CheckpointSha256 = new string('b', 64), Layers = LayerChoice.Of(["a"], ["a", "b"]) };
        string text = Create([], record).Single(pair => pair.Key == "resize_params").Value;
        string version = ParametersOf(Create([])).GetProperty("version").GetString()!;
        Assert.Equal(
            """{"tool":"ResizeLora","version":"VERSION","recipe":"spn_ckpt=1,thr=-1.2","threshold":-1.2,"precision":"BFloat16","unmatched_layer":"Keep","layers":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","source":"some \u0022style\u0022 \uD83D\uDE00.safetensors","source_sha256":"AAAA","checkpoint_sha256":"BBBB","rank_limits":"EqualRank,RankMultiple=8"}"""
                .Replace("VERSION", version, StringComparison.Ordinal)
                .Replace("AAAA", new string('a', 64), StringComparison.Ordinal)
                .Replace("BBBB", new string('b', 64), StringComparison.Ordinal),
            text);
        Assert.EndsWith(""","checkpoint_sha256":null}""", Create([]).Single(pair => pair.Key == "resize_params").Value, StringComparison.Ordinal);
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

    [Fact]
    public void A_record_is_of_the_same_work_whatever_the_file_s_name_the_threshold_and_the_version()
    {
        IReadOnlyDictionary<string, string> recorded = OutputMetadata.Recorded(Header(Create([])))!;
        Assert.Empty(Parameters.DifferencesFrom(recorded));
        Assert.Empty((Parameters with { Threshold = double.NaN, SourceName = "other" }).DifferencesFrom(recorded));
        Assert.Empty(Parameters.DifferencesFrom(new Dictionary<string, string>(recorded) { ["version"] = "\"9.9.9\"" }));
    }

    [Fact]
    public void What_a_record_says_otherwise_is_named()
    {
        IReadOnlyDictionary<string, string> recorded = OutputMetadata.Recorded(Header(Create([])))!;
        Assert.Equal(["precision 'BFloat16'"], (Parameters with { Precision = ResizePrecision.Float16 }).DifferencesFrom(recorded));
        Assert.Equal(["recipe 'spn_ckpt=1,thr=-1.2'"], (Parameters with { Recipe = ResizeRecipe.Parse("spn_ckpt=1,thr=-1.3") }).DifferencesFrom(recorded));
        Assert.Equal(["rank limits not given"], (Parameters with { RankLimits = new(Rank: 8) }).DifferencesFrom(recorded));
        Assert.Equal(["another input", "another checkpoint"], (Parameters with { SourceSha256 = "x", CheckpointSha256 = "y" }).DifferencesFrom(recorded));
        Assert.Equal(["other layers"], (Parameters with { Layers = "x" }).DifferencesFrom(recorded));
        Assert.Equal(["unmatched layer 'Keep'"], (Parameters with { UnmatchedLayer = UnmatchedLayer.Drop }).DifferencesFrom(recorded));
        Assert.Equal(["of a later version 'x?'"], Parameters.DifferencesFrom(new Dictionary<string, string>(recorded) { ["of_a_later_version"] = "\"x\u0007\"" }));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"\\ud800\":1}")]
    public void What_is_no_record_says_nothing(string text) => Assert.Null(OutputMetadata.Recorded(Header([new("resize_params", text)])));

    private static IReadOnlyList<KeyValuePair<string, string>> Create(IReadOnlyList<KeyValuePair<string, string>> source, OutputRecord? parameters = null) =>
        OutputMetadata.Create(Header(source), parameters ?? Parameters, []);

    private static SafetensorsHeader Header(IReadOnlyList<KeyValuePair<string, string>> metadata) => new([], metadata, metadata.Count > 0, 8);

    private static JsonElement ParametersOf(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        JsonDocument.Parse(metadata.Single(pair => pair.Key == "resize_params").Value).RootElement;
}
