using System.Globalization;
using System.Text.Json;
using ResizeLora.Adapters.Peft;
using ResizeLora.Safetensors;

namespace ResizeLora.Info;

/// <summary>
/// The metadata that trainers write: kohya's ss_ keys, the modelspec of Stability, PEFT's configuration, and what others
/// have made of them. Nothing of it need be there, or true.
/// </summary>
internal sealed class TrainingMetadata
{
    private const int MostTags = 20;

    /// <summary>How a LoRA was trained, and the metadata keys that say so.</summary>
    private static readonly (string Name, string Key)[] SettingKeys =
    [
        ("NetworkModule", "ss_network_module"),
        ("Rank", "ss_network_dim"),
        ("Alpha", "ss_network_alpha"),
        ("Steps", "ss_steps"),
        ("MaximumSteps", "ss_max_train_steps"),
        ("Epoch", "ss_epoch"),
        ("Epochs", "ss_num_epochs"),
        ("BatchSize", "ss_batch_size_per_device"),
        ("Images", "ss_num_train_images"),
        ("Resolution", "ss_resolution"),
        ("LearningRate", "ss_learning_rate"),
        ("UnetLearningRate", "ss_unet_lr"),
        ("TextEncoderLearningRate", "ss_text_encoder_lr"),
        ("Scheduler", "ss_lr_scheduler"),
        ("Optimizer", "ss_optimizer"),
        ("ClipSkip", "ss_clip_skip"),
        ("Seed", "ss_seed"),
        ("Comment", "ss_training_comment"),
        ("License", "modelspec.license"),
    ];

    private readonly SafetensorsHeader _header;

    /// <param name="header">The header.</param>
    /// <param name="configuration">PEFT's configuration, in the header or next to the file.</param>
    public TrainingMetadata(SafetensorsHeader header, PeftConfiguration configuration)
    {
        _header = header;
        Title = First("modelspec.title", "ss_output_name", "name");
        Author = First("modelspec.author", "author");
        Date = DateOf(First("modelspec.date")) ?? Moment(First("ss_training_finished_at", "ss_training_started_at"));
        Description = First("modelspec.description", "description");
        BaseModel = First("ss_sd_model_name", "base_model") ?? configuration.BaseModel;
        Architecture = First("modelspec.architecture", "ss_base_model_version");
        TriggerWords = Words(First("modelspec.trigger_phrase", "trigger_words", "trigger_word", "ss_trigger_words"));
        Tags = TagsOf(First("ss_tag_frequency"));
        Settings = SettingKeys
            .Select(setting => (setting.Name, Value: First(setting.Key)))
            .Where(setting => setting.Value is not null)
            .ToDictionary(setting => setting.Name, setting => setting.Value!, StringComparer.Ordinal);
        ModelHash = First("sshs_model_hash", "modelspec.hash_sha256");
        LegacyHash = First("sshs_legacy_hash");
    }

    public string? Title { get; }

    public string? Author { get; }

    public DateTime? Date { get; }

    public string? Description { get; }

    public string? BaseModel { get; }

    public string? Architecture { get; }

    public IReadOnlyList<string> TriggerWords { get; }

    public IReadOnlyList<string> Tags { get; }

    public IReadOnlyDictionary<string, string> Settings { get; }

    public string? ModelHash { get; }

    public string? LegacyHash { get; }

    /// <summary>The first of some keys that says anything; Python's None says nothing.</summary>
    private string? First(params string[] keys) => keys
        .Select(_header.FindMetadata)
        .FirstOrDefault(value => !string.IsNullOrWhiteSpace(value) && value != "None");

    private static DateTime? DateOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date.LocalDateTime : null;

    /// <summary>Seconds since 1970, with a fraction.</summary>
    private static DateTime? Moment(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e11
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds).LocalDateTime
            : null;

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>How often each tag occurs in each folder, as kohya writes it.</summary>
    private static string[] TagsOf(string? text)
    {
        var counts = new Dictionary<string, double>(StringComparer.Ordinal);
        try
        {
            Dictionary<string, Dictionary<string, double>?>? folders = text is null ? null : JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, double>?>>(text);
            foreach ((string tag, double count) in (folders ?? []).Values.OfType<Dictionary<string, double>>().SelectMany(folder => folder))
                counts[tag.Trim()] = counts.GetValueOrDefault(tag.Trim()) + count;
        }
        catch (JsonException)
        {
            // Another program's notes under the same key.
        }

        return [.. counts.OrderByDescending(tag => tag.Value).ThenBy(tag => tag.Key, StringComparer.Ordinal).Take(MostTags).Select(tag => tag.Key)];
    }
}
