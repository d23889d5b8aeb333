namespace ResizeLora.Checkpoints.Families;

/// <summary>A part of a model of some family.</summary>
/// <param name="Components">Its names in adapters.</param>
/// <param name="Places">Where a checkpoint may have it.</param>
/// <param name="Marks">What distinguishes it from the parts of other families: any of these.</param>
/// <param name="Sizes">How large it may be, where that distinguishes it from others.</param>
/// <param name="Names">The names of its layers.</param>
internal sealed record ModelPart(
    IReadOnlyList<AdapterComponent> Components,
    IReadOnlyList<ModelPlace> Places,
    IReadOnlyList<ModelMark> Marks,
    IReadOnlyList<ModelSize> Sizes,
    PartNames Names)
{
    /// <summary>Whether a source has a mark of this part.</summary>
    public bool Shows(CheckpointSource source) => Places.Any(place => Shows(source, place));

    /// <summary>The beginning of the names that this part's tensors have in a source; null if it is not there.</summary>
    public string? PrefixIn(CheckpointSource source) => Places
        .Where(place => place.PrefixIn(source) is { } prefix && (place.IsTelling ? source.HasAny(prefix) : Marks.Count == 0 || Shows(source, place)))
        .Select(place => place.PrefixIn(source))
        .FirstOrDefault();

    private bool Shows(CheckpointSource source, ModelPlace place) =>
        place.PrefixIn(source) is { } prefix && Marks.Any(mark => mark.IsIn(path => source.Find(prefix + path)));
}
