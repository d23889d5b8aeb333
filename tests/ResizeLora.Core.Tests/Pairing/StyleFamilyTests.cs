using System.Globalization;
using System.Text.RegularExpressions;
using ResizeLora.Adapters;
using ResizeLora.Pairing;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>
/// Every style with every family: names are made from the text files of both, and what each must lead to is in the lists of
/// expectations, which know neither the text nor the code.
/// </summary>
public class StyleFamilyTests
{
    private const int Names = 10_000;

    private static readonly string[] Adapters = ["default", "default_0", "style", "my-style", "1"];

    [Fact]
    public void Each_of_10_000_random_names_is_paired_right_or_refused_with_the_reason()
    {
        var random = new Random(20_251);
        ModelNames[] models = [.. ModelSample.All().Select(sample => new ModelNames(sample))];
        var seen = new Dictionary<(string Style, string Family, bool Paired), int>();
        for (int i = 0; i < Names; i++)
        {
            ModelNames model = models[random.Next(models.Length)];
            Trial trial = model.Next(random);
            var key = (trial.Style, model.Sample.Family, trial.Expected is not null);
            seen[key] = seen.GetValueOrDefault(key) + 1;

            AdapterContents contents = AdapterContents.Read(HeaderBuilder.Of([.. trial.Tensors]), "style.safetensors");
            AdapterLayer layer = Assert.Single(contents.Layers, layer => layer.Name == trial.Layer);
            Assert.Empty(contents.Others);
            Assert.Equal(3, contents.Layers.Count);
            LayerPair pair = new AdapterPairs(contents.Layers, "style.safetensors", model.Sample.Index).Of(layer);
            string? found = pair.BaseLayer is { } baseLayer ? (baseLayer.Transposed ? "^" : string.Empty) + baseLayer.Name : null;
            Assert.True(found == trial.Expected, $"{trial.Layer} on {model.Sample.Name}: {found ?? "nothing"} instead of {trial.Expected ?? "nothing"}");
            if (found is not null)
            {
                Assert.Equal(trial.Component, pair.Component.ToString());
                continue;
            }

            string reason = PairingSummary.Unpaired(model.Sample.Index, (trial.Layer, pair.Problem));
            Assert.True(trial.Reasons.All(text => reason.Contains(text, StringComparison.Ordinal)), $"{trial.Layer} on {model.Sample.Name}: {reason}");
        }

        // All styles met all families, and both ends were reached.
        foreach ((string style, _, string component) in DescriptionSample.Prefixes.Where(prefix => !prefix.Prefix.EndsWith(':')))
        {
            foreach (ModelNames model in models.Where(model => model.Sample.Expected.Keys.Any(key => key.Component == component)))
                Assert.True(seen.ContainsKey((style, model.Sample.Family, true)), $"{style} and {model.Sample.Family}");
        }

        int refused = seen.Where(count => !count.Key.Paired).Sum(count => count.Value);
        Assert.InRange(refused, Names / 10, Names * 3 / 5);
    }

    /// <summary>A file of three layers, of which one is tried; the others are right.</summary>
    private sealed record Trial(string Style, string Layer, string Component, string? Expected, string[] Reasons, IEnumerable<(string Name, long[] Shape)> Tensors);

    /// <summary>A model and the names that its family gives to layers.</summary>
    private sealed class ModelNames
    {
        private readonly Dictionary<string, string[]> _paths = [];
        private readonly ILookup<string, (string Folder, IReadOnlyList<long> Shape)> _shapes;
        private readonly string[] _anchors;

        public ModelNames(ModelSample sample)
        {
            Sample = sample;
            _shapes = sample.Files
                .SelectMany(file => KeyFile.Tensors(file.List).Select(tensor => (tensor.Name, file.Folder, tensor.Shape)))
                .ToLookup(tensor => tensor.Name, tensor => (tensor.Folder, tensor.Shape), StringComparer.Ordinal);
            _anchors = [.. sample.Expected.Where(expected => expected.Key.Component == "Unet" && !expected.Value.StartsWith('^')).Select(expected => expected.Key.Path).Order(StringComparer.Ordinal).Take(3)];
            foreach ((string words, string path) in DescriptionSample.Paths(sample.Family))
            {
                foreach (string part in words.Split(' '))
                {
                    string component = part switch { "unet" => "Unet", "text_encoder" => "TextEncoder1", "text_encoder_2" => "TextEncoder2", _ => "TextEncoder3" };
                    _paths[component] = [.. _paths.GetValueOrDefault(component, []), path];
                }
            }

            // The names of the tensors themselves, wherever their part begins.
            string[] own = [.. _shapes.Select(tensor => tensor.Key).Where(name => name.EndsWith(".weight", StringComparison.Ordinal)).Select(name => name[..^".weight".Length])];
            foreach (IGrouping<string, (string Component, string Path)> component in sample.Expected.Keys.GroupBy(key => key.Component))
            {
                HashSet<string> flat = [.. component.Select(key => key.Path)];
                _paths[component.Key] =
                [
                    .. _paths.GetValueOrDefault(component.Key, []),
                    .. own.SelectMany(Ends).Where(path => flat.Contains(path.Replace('.', '_'))),
                    .. component.Select(key => key.Path),
                ];
            }
        }

        public ModelSample Sample { get; }

        public Trial Next(Random random)
        {
            (string style, string prefix, string component) = Prefix(random);
            string path = Path(random, component, isFlat: prefix.EndsWith('_'));

            // CLIP's layers may begin with a word that makes the prefix another one.
            while (DescriptionSample.Prefixes.Any(other => other.Prefix.Length > prefix.Length && prefix.Length > 0 && (prefix + path).StartsWith(other.Prefix, StringComparison.Ordinal)))
                path = Path(random, component, isFlat: prefix.EndsWith('_'));

            string? expected = Sample.Expected.GetValueOrDefault((component, path.Replace('.', '_')));
            (string, string Down, string[] Endings) factors = DescriptionSample.Factors[random.Next(DescriptionSample.Factors.Count)];
            (string up, string down, string[] endings) = factors;
            if (endings.Length > 0 && !endings.Any(end => path.EndsWith(end, StringComparison.Ordinal)))
                (up, down) = (".lora_B.*.weight", ".lora_A.*.weight");

            string adapter = Adapters[random.Next(Adapters.Length)];
            string layer = prefix + Respelled(random, path);
            (long rows, long columns) = expected is null ? (8, 6) : Size(component, expected);
            bool isWrongSize = expected is not null && random.Next(10) == 0;
            string[] reasons = [DisplayText.Of(layer)];
            if (isWrongSize)
            {
                reasons = [.. reasons, $"{rows} x {columns + 1}, but", $"is {rows} x {columns}"];
                (expected, columns) = (null, columns + 1);
            }

            return new Trial(style, layer, component, expected, reasons,
            [
                (layer + up.Replace("*", adapter, StringComparison.Ordinal), [rows, 2]),
                (layer + down.Replace("*", adapter, StringComparison.Ordinal), [2, columns]),
                .. _anchors.Where(anchor => $"lora_unet_{anchor}" != layer).Take(2).SelectMany(Anchor),
            ]);
        }

        private static (string Style, string Prefix, string Component) Prefix(Random random)
        {
            int choice = random.Next(DescriptionSample.Prefixes.Count + 2);
            if (choice >= DescriptionSample.Prefixes.Count)
                return choice == DescriptionSample.Prefixes.Count ? ("no prefix", string.Empty, "Unet") : ("wrapper", DescriptionSample.Wrapper, "Unet");

            (string style, string prefix, string component) = DescriptionSample.Prefixes[choice];
            if (prefix.EndsWith(':'))
                return ("no prefix", string.Empty, "Unet");

            return (style, prefix.EndsWith('_') ? prefix : random.Next(4) switch { 0 => DescriptionSample.Wrapper + prefix, 1 => prefix + DescriptionSample.Wrapper, _ => prefix }, component);
        }

        private string Path(Random random, string component, bool isFlat)
        {
            // Without such a part, the names of another lead nowhere.
            string[] paths = _paths.GetValueOrDefault(component) ?? _paths["Unet"];
            string path = paths[random.Next(paths.Length)];
            string filled = Regex.Replace(path, @"\{\w+\}", random.Next(4).ToString(CultureInfo.InvariantCulture));
            return isFlat ? filled.Replace('.', '_') : filled;
        }

        private static string Respelled(Random random, string path)
        {
            (string Old, string Current)[] fitting = [.. DescriptionSample.Spellings.Where(spelling => path.EndsWith(spelling.Current, StringComparison.Ordinal) && !path.EndsWith(spelling.Old, StringComparison.Ordinal))];
            if (fitting.Length == 0 || random.Next(3) > 0)
                return path;

            (string old, string current) = fitting[random.Next(fitting.Length)];
            return path[..^current.Length] + old;
        }

        private IEnumerable<(string Name, long[] Shape)> Anchor(string path)
        {
            (long rows, long columns) = Size("Unet", Sample.Expected[("Unet", path)]);
            return [($"lora_unet_{path}.lora_up.weight", [rows, 1]), ($"lora_unet_{path}.lora_down.weight", [1, columns])];
        }

        /// <summary>Rows and columns of what a line of the expectations means.</summary>
        private (long Rows, long Columns) Size(string component, string expected)
        {
            string? folder = component switch { "TextEncoder1" => "text_encoder/", "TextEncoder2" => "text_encoder_2/", _ => null };
            long rows = 0;
            long columns = 0;
            foreach (string piece in expected.TrimStart('^').Split(" + "))
            {
                Match match = Regex.Match(piece, @"^(?<name>.*?)(\[(?<first>\d+):(?<end>\d+)\])?$");
                (string, IReadOnlyList<long>)[] named = [.. _shapes[match.Groups["name"].Value]];
                (_, IReadOnlyList<long> shape) = named is [var only] ? only : named.Single(tensor => tensor.Item1 == folder);
                rows += match.Groups["end"].Success ? long.Parse(match.Groups["end"].Value, CultureInfo.InvariantCulture) - long.Parse(match.Groups["first"].Value, CultureInfo.InvariantCulture) : shape[0];
                columns = shape.Skip(1).Aggregate(1L, (product, size) => product * size);
            }

            return expected.StartsWith('^') ? (columns, rows) : (rows, columns);
        }

        private static IEnumerable<string> Ends(string name)
        {
            yield return name;
            for (int dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
                yield return name[(dot + 1)..];
        }
    }
}
