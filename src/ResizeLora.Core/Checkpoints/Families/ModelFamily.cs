using ResizeLora.Common;

namespace ResizeLora.Checkpoints.Families;

/// <summary>A family of models, as a file in Families describes it.</summary>
/// <param name="Name">Its common name.</param>
/// <param name="Parts">Its parts, the denoising network first.</param>
internal sealed record ModelFamily(string Name, IReadOnlyList<ModelPart> Parts)
{
    private const string Folder = "Families";

    /// <summary>How what trainers call its architecture in the metadata begins, in lower case.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>All families; the last has no marks, as it is for models of any other.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
        [.. DescriptionText.Names(Folder).Select(Read).OrderBy(family => family.Parts.All(part => part.Marks.Count == 0))];

    /// <summary>The subfolders that hold a part of some family.</summary>
    public static IReadOnlyList<string> Subfolders { get; } =
        [.. All.SelectMany(family => family.Parts).SelectMany(part => part.Places).Where(place => place.IsFolder).Select(place => place.Text).Distinct()];

    /// <summary>The family with this architecture in the metadata of an adapter; null if unknown.</summary>
    public static ModelFamily? OfArchitecture(string text) =>
        All.FirstOrDefault(family => family.Architectures.Any(name => text.StartsWith(name, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The family of a checkpoint: that of its denoising network; without one, that of any part.</summary>
    public static ModelFamily Of(IReadOnlyList<CheckpointSource> sources) =>
        All.FirstOrDefault(family => sources.Any(family.Parts[0].Shows))
        ?? All.FirstOrDefault(family => family.Parts.Any(part => sources.Any(part.Shows)))
        ?? All[^1];

    /// <summary>The layers of a checkpoint of this family, part by part, with the components that adapters call each part.</summary>
    public IEnumerable<(IReadOnlyList<AdapterComponent> Components, PartLayers Layers)> Layers(IReadOnlyList<CheckpointSource> sources) =>
        from part in Parts
        from source in sources
        let prefix = part.PrefixIn(source)
        where prefix is not null
        select (part.Components, part.Names.Layers(source.WeightsFrom(prefix)));

    private static ModelFamily Read(string file)
    {
        string name = file;
        var architectures = new List<string>();
        var parts = new List<ModelPart>();
        var places = new List<ModelPlace>();
        var marks = new List<ModelMark>();
        var sizes = new List<ModelSize>();
        foreach (DescriptionLine line in DescriptionText.Lines(Folder, file))
        {
            if (line.After("family") is { } text)
            {
                name = text;
            }
            else if (line.After("called") is { } calls)
            {
                architectures.AddRange(DescriptionText.Words(calls));
            }
            else if (line.After("part") is { } components)
            {
                parts.Add(new ModelPart([.. DescriptionText.Words(components).Select(AdapterComponents.Named)], places = [], marks = [], sizes = [], new PartNames()));
            }
            else if (line.After("at") is { } where)
            {
                places.AddRange(DescriptionText.Words(where).Select(place => new ModelPlace(place)));
            }
            else if (line.After("known by") is { } mark)
            {
                marks.Add(ModelMark.Parse(line, mark));
            }
            else if (line.After("size") is { } size)
            {
                sizes.Add(ModelSize.Parse(line, size));
            }
            else if (!parts[^1].Names.Add(line))
            {
                throw line.Unclear();
            }
        }

        return new ModelFamily(name, parts) { Architectures = architectures };
    }
}
