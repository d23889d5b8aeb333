using System.Text;
using CsCheck;
using ResizeLora.Adapters.Peft;
using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using Xunit.Abstractions;

namespace ResizeLora.Core.Tests.Hostile;

/// <summary>Whatever a configuration of PEFT says, beside the tensors or in their header: the adapter is resized, or an error says what is wrong.</summary>
[Collection(Alone.Name)]
public sealed class PeftFuzzTests(ITestOutputHelper output)
{
    private const string Recipe = "spn_lora=1,thr=-0.3";

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "4", "3", "1e400", "1e-400", "-0.0", "\"\"", "\"4\"", "[]", "{}", "[4]", "{\"to_q\": 4}", "{\"to_q\": -4, \".*\": 2}", "{\"(a+)+$\": 1}", "{\"(\": 1}",
        "{\"\": 4}", "{\"\\ud800\": 4}", "\"pissa\"", "\"LOHA\"", "\"\\u001b[31m\"", "123456789012345678901234567890", "[[[[[[[[]]]]]]]]",
    ];

    private static readonly string[] Keys = ["r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "fan_in_fan_out", "target_modules", "peft_type", "init_lora_weights", "alpha", "target_parameters", "layers_to_transform"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_adapter_is_resized_or_refused(bool inHeader)
    {
        int resized = 0;
        Gen.Int.Sample(
            seed =>
            {
                using var bench = new Workbench();
                byte[] configuration = Mutated(new Random(seed));
                SampleFile file = Layers();
                string path = inHeader
                    ? file.AddMetadata(PeftConfiguration.HeaderKey, Encoding.UTF8.GetString(configuration)).Write(bench.Folder["style.safetensors"])
                    : PeftSample.Write(bench.Folder["style"], file, string.Empty);
                if (!inHeader)
                    File.WriteAllBytes(Path.Combine(path, PeftSample.ConfigurationName), configuration);

                List<ResizeLoraException> errors = bench.Host.Errors;
                try
                {
                    foreach (ResizeResult result in bench.Resize(path, Recipe))
                    {
                        Assert.Equal(result.LayerCount, LoraFile.Layers(result.Path).Count);
                        resized++;
                    }
                }
                catch (ResizeLoraException exception)
                {
                    errors.Add(exception);
                }

                Assert.All(errors, error =>
                {
                    Message.AssertHarmless(error.Message);
                    Assert.Contains(path, error.Message, StringComparison.Ordinal);
                });
                Assert.Equal(errors.Count == 0 ? 2 : 1, Directory.GetFileSystemEntries(bench.Folder.Path).Length);
            },
            iter: FuzzVolume.ResizedFiles,
            threads: 1);
        output.WriteLine($"{FuzzVolume.ResizedFiles} configurations, {resized} of them resized.");
        Assert.InRange(resized, FuzzVolume.ResizedFiles / 50, FuzzVolume.ResizedFiles);
    }

    /// <summary>A configuration with some values replaced, and then some bytes.</summary>
    private static byte[] Mutated(Random random)
    {
        Dictionary<string, string> json = new(StringComparer.Ordinal) { ["peft_type"] = "\"LORA\"", ["r"] = "4", ["lora_alpha"] = "16", ["target_modules"] = "[\"to_q\"]" };
        for (int i = random.Next(4); i > 0; i--)
            json[Keys[random.Next(Keys.Length)]] = Values[random.Next(Values.Length)];
        var bytes = new List<byte>(Encoding.UTF8.GetBytes($"{{{string.Join(", ", json.Select(pair => $"\"{pair.Key}\": {pair.Value}"))}}}"));
        for (int i = random.Next(3) == 0 ? random.Next(1, 6) : 0; i > 0 && bytes.Count > 0; i--)
        {
            int place = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(place);
                    break;
                case 2:
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(10, bytes.Count - place)));
                    break;
                default:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
            }
        }

        return [.. bytes];
    }

    private static SampleFile Layers()
    {
        var random = new Random(1);
        return new SampleFile()
            .Add("base_model.model.a.to_q.lora_B.weight", Matrix.Gaussian(12, 4, random))
            .Add("base_model.model.a.to_q.lora_A.weight", Matrix.Gaussian(4, 9, random))
            .Add("base_model.model.b.to_q.lora_B.weight", Matrix.Gaussian(10, 4, random))
            .Add("base_model.model.b.to_q.lora_A.weight", Matrix.Gaussian(4, 8, random));
    }
}
