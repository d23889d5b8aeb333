using System.Text.Json;

namespace ResizeLora.Testing;

/// <summary>Exact expected results for small synthetic files; see TestData/golden/README.md.</summary>
internal static class GoldenData
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IReadOnlyList<string> Loras { get; } = ["lora_a", "lora_b", "lora_c"];

    public static string Checkpoint { get; } = TestPaths.Golden("checkpoint.safetensors");

    public static IReadOnlyList<GoldenCase> Cases { get; } = Read<List<GoldenCase>>("cases.json");

    public static IReadOnlyList<KohyaCase> KohyaCases { get; } = Read<List<KohyaCase>>("kohya_cases.json");

    public static GoldenTruth Truth { get; } = Read<GoldenTruth>("truth.json");

    public static string PathOf(string lora) => TestPaths.Golden($"{lora}.safetensors");

    private static T Read<T>(string name) => JsonSerializer.Deserialize<T>(File.ReadAllBytes(TestPaths.Golden(name)), Options)!;
}

internal sealed record GoldenCase(
    string Lora,
    string Recipe,
    Dictionary<string, double> Weights,
    double? SizeMib,
    double Rescale,
    double? Threshold,
    double? MinMargin,
    Dictionary<string, int> Kept,
    int TotalKept,
    Dictionary<string, double> DeltaFro)
{
    [System.Text.Json.Serialization.JsonPropertyName("reference_file_t16")]
    public string ReferenceFile { get; init; } = string.Empty;
}

/// <summary>What kohya's resize_lora.py keeps.</summary>
internal sealed record KohyaCase(
    string Lora,
    string? Method,
    double? Param,
    int NewRank,
    int? NewConvRank,
    double? MinMargin,
    Dictionary<string, int> Kept,
    Dictionary<string, double> DeltaFro);

internal sealed record GoldenTruth(Dictionary<string, GoldenBase> Base, Dictionary<string, GoldenLora> Loras);

internal sealed record GoldenBase(string BaseKey, int? ChunkCorrect)
{
    [System.Text.Json.Serialization.JsonPropertyName("spectral_f64")]
    public double Spectral { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("frobenius_f64")]
    public double Frobenius { get; init; }
}

internal sealed record GoldenLora(Dictionary<string, GoldenLayer> Layers);

internal sealed record GoldenLayer(int Rank, double Alpha, bool Zero, long[] UpShape, long[] DownShape)
{
    [System.Text.Json.Serialization.JsonPropertyName("sv_f64")]
    public double[] SingularValues { get; init; } = [];

    [System.Text.Json.Serialization.JsonPropertyName("delta_fro_f64")]
    public double Frobenius { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("subspace_f64")]
    public double[] Subspace { get; init; } = [];
}
