using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ResizeLora.Adapters.Peft;

/// <summary>The JSON of PEFT's configurations, from strangers and for Python.</summary>
internal static class PeftJson
{
    private static readonly JsonDocumentOptions OnceEach = new() { AllowDuplicateProperties = false };

    private static readonly JsonSerializerOptions AsPython = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The properties of an object, which can be written again.</summary>
    /// <exception cref="FormatException">It is not an object, has a key twice, or contains invalid text.</exception>
    public static Dictionary<string, JsonElement> Properties(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, OnceEach);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException("it is not a JSON object");

            // A character may be escaped by halves.
            JsonElement root = document.RootElement.Clone();
            _ = JsonObject.Create(root)!.ToJsonString();
            return root.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
        }
        catch (JsonException exception)
        {
            // A key that is there twice has no position.
            throw new FormatException(exception.LineNumber is { } line ? $"it is not valid JSON at line {line + 1}, byte {exception.BytePositionInLine + 1}" : exception.Message.Split('\'') is [_, string key, _, ..] ? $"it has the key '{DisplayText.Of(key)}' twice" : "it has a key twice", exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new FormatException("it contains half of a surrogate pair", exception);
        }
    }

    /// <summary>Whether a text is a JSON object.</summary>
    public static bool IsObject(string? text)
    {
        try
        {
            return text is not null && JsonSerializer.Deserialize<JsonElement>(text).ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            // Another tool's notes.
            return false;
        }
    }

    /// <summary>A number that can be computed with; null for all other values.</summary>
    public static double? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : null;

    /// <summary>A number or a truth value that is written as text; null for other texts.</summary>
    public static JsonValue? ValueOf(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? double.IsFinite(number) ? JsonValue.Create(number) : null
        : bool.TryParse(text, out bool flag) ? JsonValue.Create(flag)
        : null;

    /// <summary>A file as Python's json.dumps(indent=2) writes it: in ASCII, for Python reads it in the encoding of the machine.</summary>
    public static byte[] File(JsonObject json)
    {
        var ascii = new StringBuilder();
        foreach (char c in json.ToJsonString(AsPython))
        {
            if (char.IsAscii(c))
                ascii.Append(c);
            else
                ascii.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return Encoding.ASCII.GetBytes(ascii.ToString());
    }
}
