using System.Management.Automation;

namespace ResizeLora.Shell.Commands;

[Cmdlet("Sort", "Object")]
internal sealed class SortObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _items = [];

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>Names of properties, or script blocks that compute what to sort by.</summary>
    [Parameter(Position = 0)]
    public object[] Property { get; set; } = [];

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
        {
            _items.Add(InputObject);
        }
    }

    protected override void EndProcessing()
    {
        var comparer = Comparer<object?[]>.Create(Compare);
        var keyed = _items.Select(item => (Item: item, Key: KeyOf(item))).ToList();
        var sorted = Descending ? keyed.OrderByDescending(pair => pair.Key, comparer) : keyed.OrderBy(pair => pair.Key, comparer);
        object?[]? previous = null;
        foreach (var (item, key) in sorted)
        {
            if (!Unique || previous is null || Compare(previous, key) != 0)
            {
                WriteObject(item);
            }

            previous = key;
        }
    }

    private object?[] KeyOf(PSObject item) => Property.Length == 0 ? [item] : [.. Property.Select(property => ValueOf(item, property))];

    private static object? ValueOf(PSObject item, object property)
    {
        object plain = property is PSObject wrapped ? wrapped.BaseObject : property;
        return plain is ScriptBlock script
            ? script.InvokeWithContext(null, [new PSVariable("_", item)]).FirstOrDefault()
            : item.Properties[LanguagePrimitives.ConvertTo<string>(plain)]?.Value;
    }

    private static int Compare(object?[] first, object?[] second)
    {
        for (int index = 0; index < first.Length; index++)
        {
            int order = LanguagePrimitives.TryCompare(first[index], second[index], ignoreCase: true, out int compared)
                ? compared
                : string.Compare(first[index]?.ToString(), second[index]?.ToString(), StringComparison.OrdinalIgnoreCase);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
