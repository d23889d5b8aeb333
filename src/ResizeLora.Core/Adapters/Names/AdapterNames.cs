namespace ResizeLora.Adapters.Names;

/// <summary>Brings the layer names of all trainers to one form.</summary>
internal static class AdapterNames
{
    private const string Unknown = "no known style";

    /// <summary>The component that a layer belongs to, by its name.</summary>
    public static AdapterComponent ComponentOf(string layer) => Split(layer).Component;

    /// <summary>The style that a layer's name is in; a path that has a partner is known even if no style has its prefix.</summary>
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

    /// <summary>The path of a layer, dotted where its name is.</summary>
    public static string PathOf(string layer) => Respell(Split(layer).Path);

    /// <summary>Whether a name shows its component; PEFT's wrapper alone only makes one likely.</summary>
    public static bool TellsComponent(string layer) => Split(WithoutWrapper(layer)).Component != AdapterComponent.Unknown;

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

    /// <summary>A model that was wrapped already is sometimes wrapped again.</summary>
    private static string WithoutWrapper(string name)
    {
        while (name.StartsWith(AdapterStyles.Wrapper.Text, StringComparison.Ordinal))
            name = name[AdapterStyles.Wrapper.Text.Length..];
        return name;
    }

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
