using System.Text;
using System.Text.Json;

namespace ResizeLora.Testing.Hostile;

/// <summary>
/// JSON that may become wrong: a tree to change things in, whose names and leaves are text just as it will stand in the file.
/// </summary>
internal sealed class JsonDraft
{
    private JsonDraft(string opening, string text)
    {
        Opening = opening;
        Text = text;
    }

    /// <summary>Of a leaf: all of it. It may be anything.</summary>
    public string Text { get; set; }

    /// <summary>The members of an object or the items of an array, which have no names.</summary>
    public List<(string Name, JsonDraft Value)> Children { get; } = [];

    public bool IsLeaf => Opening.Length == 0;

    public bool IsObject => Opening == "{";

    private string Opening { get; set; }

    public static JsonDraft Leaf(string text) => new(string.Empty, text);

    public static JsonDraft Parse(string json) => From(JsonDocument.Parse(json).RootElement);

    /// <summary>This node and all below it.</summary>
    public IEnumerable<JsonDraft> All() => Children.SelectMany(child => child.Value.All()).Prepend(this);

    public JsonDraft Clone()
    {
        var clone = new JsonDraft(Opening, Text);
        clone.Children.AddRange(Children.Select(child => (child.Name, child.Value.Clone())));
        return clone;
    }

    /// <summary>Becomes what another node is.</summary>
    public void Become(JsonDraft other)
    {
        Opening = other.Opening;
        Text = other.Text;
        List<(string, JsonDraft)> children = [.. other.Clone().Children];
        Children.Clear();
        Children.AddRange(children);
    }

    public override string ToString()
    {
        var json = new StringBuilder();
        Append(json);
        return json.ToString();
    }

    private void Append(StringBuilder json)
    {
        if (IsLeaf)
        {
            json.Append(Text);
            return;
        }

        json.Append(Opening);
        for (int i = 0; i < Children.Count; i++)
        {
            if (i > 0)
                json.Append(',');
            if (IsObject)
                json.Append(Children[i].Name).Append(':');
            Children[i].Value.Append(json);
        }

        json.Append(IsObject ? '}' : ']');
    }

    private static JsonDraft From(JsonElement element)
    {
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            return Leaf(element.GetRawText());

        var draft = new JsonDraft(element.ValueKind == JsonValueKind.Object ? "{" : "[", string.Empty);
        draft.Children.AddRange(element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject().Select(member => (JsonSerializer.Serialize(member.Name), From(member.Value)))
            : element.EnumerateArray().Select(item => (string.Empty, From(item))));
        return draft;
    }
}
