namespace ResizeLora.Adapters.Names;

/// <summary>Brings the layer names of all trainers to one form.</summary>
internal static class AdapterNames
{
    private const string Unknown = "no known style";

    /// <summary>The component that a layer belongs to, as far as its name tells.</summary>
    public static AdapterComponent ComponentOf(string layer) => Split(layer).Component;

    /// <summary>The style that a layer's name is in; a path that has a partner is known even where no style tells how it begins.</summary>
    public static string StyleOf(string layer, bool isPaired = false)
    {
        if (WithoutWrapper(layer).Length < layer.Length)
            return AdapterStyles.Wrapper.Style;

        string style = Split(layer).Style;
        return style == Unknown && isPaired ? AdapterStyles.BareStyle : style;
    }

    /// <summary>The normalised name of a layer.</summary>
    public static LayerKey KeyOf(string layer)
    {
        (_, AdapterComponent component, string path) = Split(layer);
        return LayerKey.Of(component, Respell(path));
    }

    private static (string Style, AdapterComponent Component, string Path) Split(string layer)
    {
        string name = WithoutWrapper(layer);
        foreach (LayerPrefix prefix in AdapterStyles.Prefixes)
        {
            if (name.StartsWith(prefix.Text, StringComparison.Ordinal))
                return (prefix.Style, prefix.Component, WithoutWrapper(name[prefix.Text.Length..]));
        }

        if (AdapterStyles.Roots.TryGetValue(name.Split('.', 2)[0], out LayerPrefix? root))
            return (root.Style, root.Component, name);

        return (Unknown, name.Length < layer.Length ? AdapterStyles.Wrapper.Component : AdapterComponent.Unknown, name);
    }

    private static string WithoutWrapper(string name) =>
        name.StartsWith(AdapterStyles.Wrapper.Text, StringComparison.Ordinal) ? name[AdapterStyles.Wrapper.Text.Length..] : name;

    private static string Respell(string path)
    {
        foreach ((string old, string current) in AdapterStyles.Spellings)
        {
            if (path.EndsWith(old, StringComparison.Ordinal))
                return string.Concat(path.AsSpan(0, path.Length - old.Length), current);
        }

        return path;
    }
}
