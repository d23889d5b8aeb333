using ResizeLora.Checkpoints;
using ResizeLora.Core.Tests.Pairing;
using ResizeLora.Differences;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Differences;

/// <summary>
/// Real lists of names: what two trainers call the layers of one model is matched without a checkpoint as it is with one, whose pairs
/// are held against the lists of expectations.
/// </summary>
public sealed class CompareStyleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string, string>();
            foreach (IGrouping<string, (string List, string Model, int Layers)> model in AdapterSample.All.GroupBy(sample => sample.Model))
            {
                foreach ((string first, _, _) in model)
                {
                    foreach ((string second, _, _) in model)
                        pairs.Add(first, second, model.Key);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Names_alone_match_the_layers_that_a_checkpoint_matches(string first, string second, string model)
    {
        string[] byModel = Matches(first, second, ModelSample.Of(model).Index);
        Assert.Contains(byModel, match => match.Contains('=', StringComparison.Ordinal));
        Assert.Equal(byModel, Matches(first, second, null));
    }

    /// <summary>Layer by layer: what is in the same rows, and how many rows those are.</summary>
    private string[] Matches(string first, string second, BaseCheckpointIndex? model)
    {
        using ComparedAdapter reference = Open(first, "first", model);
        using ComparedAdapter difference = Open(second, "second", model);
        return
        [
            .. LayerMatcher.Match(reference, LayerPlaces.Of(reference, difference, model?.Family))
                .SelectMany(match => match.Parts.Select(part => $"{Text(part.Reference)}{(part.Reference.Count > 0 && part.Difference.Count > 0 ? " = " : " ")}{Text(part.Difference)}: {part.Rows.Count}"))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string Text(IEnumerable<LayerRows> layers) => string.Join(" + ", layers.Select(rows => $"{rows.Layer.Name}[{rows.First}]"));

    /// <summary>A file of the right length, which has no bytes on disk.</summary>
    private ComparedAdapter Open(string list, string name, BaseCheckpointIndex? model)
    {
        string path = _folder[$"{name}-{list}.safetensors"];
        if (!File.Exists(path))
        {
            SafetensorsLayout layout = SafetensorsLayout.Create(KeyFile.Tensors(list));
            using FileStream stream = File.Create(path);
            stream.Write(layout.Header(null));
            stream.SetLength(stream.Position + layout.Tensors.Max(tensor => tensor.End));
        }

        return new ComparedAdapter(path, model, new JobRecorder());
    }
}
