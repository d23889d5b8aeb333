using System.Globalization;
using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>One change to a header that is still a tree.</summary>
internal delegate void HeaderMutation(JsonDraft header);

/// <summary>Changes that know JSON: they get past the tokenizer and attack what comes after it.</summary>
internal static class HeaderMutations
{
    /// <summary>Rare, because it makes a header of 100 kB.</summary>
    private const int LongName = 100_000;

    private static readonly Gen<string> Value = Gen.OneOf([.. HostileText.Values]);

    private static readonly Gen<string> Name = Gen.Frequency(
        (200, Gen.OneOf([.. HostileText.Names])),
        (1, Gen.Const(() => $"\"{new string('n', LongName)}\"")));

    private static readonly Gen<string> Space = Gen.Frequency((20, Gen.OneOf(" ", "\n", "\t\r\n ")), (1, Gen.Const(() => new string(' ', 10_000))));

    /// <summary>Any of them.</summary>
    public static Gen<HeaderMutation> Any { get; } = Gen.Frequency(
        (4, Gen.Select(Gen.UInt, Value, Replace)),
        (6, Gen.Select(Gen.UInt, Gen.OneOf<long>(-1, 1, -2, 2, 4, -4, 8, -8, long.MaxValue), Nudge)),
        (2, Gen.Select(Gen.UInt, Gen.UInt, Copy)),
        (2, Gen.Select(Gen.UInt, Gen.UInt, Duplicate)),
        (2, Gen.Select(Gen.UInt, Gen.UInt, Remove)),
        (2, Gen.Select(Gen.UInt, Gen.UInt, Swap)),
        (3, Gen.Select(Gen.UInt, Gen.UInt, Name, Rename)),
        (2, Gen.Select(Gen.UInt, Name, Value, Insert)),
        (1, Gen.Select(Gen.UInt, Gen.Frequency((9, Gen.Int[1, 20]), (1, Gen.Int[21, 2000])), Nest)),
        (1, Gen.Select(Gen.UInt, Space, Pad)));

    private static HeaderMutation Replace(uint place, string text) => header => Pick(header.All(), place).Become(JsonDraft.Leaf(text));

    /// <summary>Lengths and offsets that are only a little wrong.</summary>
    private static HeaderMutation Nudge(uint place, long by) => header =>
    {
        List<JsonDraft> numbers = [.. header.All().Where(node => node.IsLeaf && long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))];
        if (numbers.Count == 0)
            return;

        JsonDraft number = Pick(numbers, place);
        number.Text = ((Int128)long.Parse(number.Text, CultureInfo.InvariantCulture) + by).ToString(CultureInfo.InvariantCulture);
    };

    /// <summary>Makes one part what another is: two tensors over the same bytes, a shape for offsets.</summary>
    private static HeaderMutation Copy(uint from, uint to) => header =>
    {
        List<JsonDraft> below = [.. header.All().Skip(1)];
        if (below.Count > 0)
            Pick(below, to).Become(Pick(below, from).Clone());
    };

    private static HeaderMutation Duplicate(uint parent, uint child) => header => WithChildren(header, parent, children => children.Add(Pick(children, child)));

    private static HeaderMutation Remove(uint parent, uint child) => header => WithChildren(header, parent, children => children.Remove(Pick(children, child)));

    private static HeaderMutation Swap(uint parent, uint child) => header => WithChildren(header, parent, children =>
    {
        int index = (int)(child % children.Count);
        (children[0], children[index]) = ((children[0].Name, children[index].Value), (children[index].Name, children[0].Value));
    });

    private static HeaderMutation Rename(uint parent, uint child, string name) => header => WithChildren(header, parent, children =>
    {
        int index = (int)(child % children.Count);
        children[index] = (name, children[index].Value);
    });

    private static HeaderMutation Insert(uint parent, string name, string value) =>
        header => WithChildren(header, parent, children => children.Insert((int)(parent % children.Count), (name, JsonDraft.Leaf(value))));

    private static HeaderMutation Nest(uint place, int depth) => header =>
    {
        JsonDraft node = Pick(header.All(), place);
        node.Become(JsonDraft.Leaf(new string('[', depth) + node + new string(']', depth)));
    };

    private static HeaderMutation Pad(uint place, string space) => header =>
    {
        JsonDraft node = Pick(header.All(), place);
        node.Become(JsonDraft.Leaf(space + node + space));
    };

    private static void WithChildren(JsonDraft header, uint place, Action<List<(string Name, JsonDraft Value)>> change)
    {
        List<JsonDraft> parents = [.. header.All().Where(node => node.Children.Count > 0)];
        if (parents.Count > 0)
            change(Pick(parents, place).Children);
    }

    private static T Pick<T>(IEnumerable<T> items, uint place)
    {
        List<T> all = [.. items];
        return all[(int)(place % all.Count)];
    }
}
