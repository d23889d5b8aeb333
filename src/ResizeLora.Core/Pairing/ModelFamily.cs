namespace ResizeLora.Pairing;

/// <summary>A family of models, as a file in Families describes it.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Parts">Its parts, the denoising network first.</param>
internal sealed record ModelFamily(string Name, IReadOnlyList<ModelPart> Parts)
{
    private const string Folder = "Families";

    /// <summary>All families; the last has no marks, as it is for models of any other.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
        [.. DescriptionText.Names(Folder).Select(Read).OrderBy(family => family.Parts.All(part => part.Marks.Count == 0))];

    /// <summary>The subfolders that hold a part of some family.</summary>
    public static IReadOnlyList<string> Subfolders { get; } =
        [.. All.SelectMany(family => family.Parts).SelectMany(part => part.Places).Where(place => place.IsFolder).Select(place => place.Text).Distinct()];

    /// <summary>The family of a checkpoint: that of its denoising network; without one, that of any part.</summary>
    public static ModelFamily Of(IReadOnlyList<CheckpointSource> sources) =>
        All.FirstOrDefault(family => sources.Any(family.Parts[0].Shows))
        ?? All.FirstOrDefault(family => family.Parts.Any(part => sources.Any(part.Shows)))
        ?? All[^1];

    /// <summary>The layers of a checkpoint of this family, each with every name it is known by.</summary>
    public IEnumerable<(LayerKey Key, BaseLayer Layer)> Layers(IReadOnlyList<CheckpointSource> sources) =>
        from part in Parts
        from source in sources
        let prefix = part.PrefixIn(source)
        where prefix is not null
        from layer in part.Names.Layers(source.WeightsFrom(prefix))
        from component in part.Components
        select (LayerKey.Of(component, layer.Path), layer.Layer);

    private static ModelFamily Read(string file)
    {
        string name = file;
        var parts = new List<ModelPart>();
        (string Name, string[] Values)? list = null;
        var places = new List<ModelPlace>();
        var marks = new List<ModelMark>();
        foreach (DescriptionLine line in DescriptionText.Lines(Folder, file))
        {
            if (line.After("family") is { } text)
            {
                name = text;
            }
            else if (line.After("part") is { } components)
            {
                parts.Add(new ModelPart([.. Words(components).Select(DescriptionText.Component)], places = [], marks = [], new PartNames()));
                list = null;
            }
            else if (line.After("at") is { } where)
            {
                places.AddRange(Words(where).Select(place => new ModelPlace(place)));
            }
            else if (line.After("known by") is { } mark)
            {
                marks.Add(ModelMark.Parse(line, mark));
            }
            else if (line.After("for") is { } variable)
            {
                (string left, string right) = line.Equation(variable);
                list = ($"{{{left}}}", Words(right));
            }
            else if (!Expanded(line, list).All(parts[^1].Names.Add))
            {
                throw line.Unclear();
            }
        }

        return new ModelFamily(name, parts);
    }

    /// <summary>The line for each value of the list that it names.</summary>
    private static IEnumerable<DescriptionLine> Expanded(DescriptionLine line, (string Name, string[] Values)? list) =>
        list is { } named && line.Text.Contains(named.Name, StringComparison.Ordinal)
            ? named.Values.Select(value => line with { Text = line.Text.Replace(named.Name, value, StringComparison.Ordinal) })
            : [line];

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
