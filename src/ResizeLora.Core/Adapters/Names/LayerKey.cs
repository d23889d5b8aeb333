namespace ResizeLora.Adapters.Names;

/// <summary>A layer's name, independent of the style: the component, and its path in there with '_' for every '.'.</summary>
internal readonly record struct LayerKey(AdapterComponent Component, string FlatPath)
{
    /// <summary>The key of a dotted or flat path.</summary>
    public static LayerKey Of(AdapterComponent component, string path) => new(component, path.Replace('.', '_'));
}
