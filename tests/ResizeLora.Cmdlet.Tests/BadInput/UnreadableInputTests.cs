using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>What is no readable LoRA is an error of its own that names the file; nothing is written.</summary>
public sealed class UnreadableInputTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Invoke-LoraResize missing.safetensors -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Invoke-LoraResize -LiteralPath missing.safetensors -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum missing.safetensors")]
    [InlineData("Get-LoraSpectrum -LiteralPath missing.safetensors")]
    public void Missing_file(string script) =>
        _bench.RunFailing(script).Is("FileNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("missing.safetensors");

    [Theory]
    [InlineData("Invoke-LoraResize *.nothing -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum *.nothing")]
    public void Wildcard_without_match(string script) =>
        _bench.RunFailing(script).Is("FileNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("*.nothing");

    [Theory]
    [InlineData("Invoke-LoraResize 'style[1].safetensors' -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("'style[1].safetensors' | Get-LoraSpectrum")]
    public void Brackets_in_the_name_of_a_file_that_is_there_get_the_hint(string script)
    {
        _bench.RunFailing(script).Is("FileNotFound", ErrorCategory.ObjectNotFound).Mentions("No file matches 'style[1].safetensors'.");
        _bench.AddLora("style[1].safetensors");
        _bench.RunFailing(script).Is("FileNotFound", ErrorCategory.ObjectNotFound).LetsTheCallGoOn().Mentions("style[1].safetensors", "-LiteralPath");
    }

    [Theory]
    [InlineData("Invoke-LoraResize nodrive:/a.safetensors -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Invoke-LoraResize -LiteralPath nodrive:/a.safetensors -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum a.safetensors -Checkpoint nodrive:/base.safetensors")]
    public void A_drive_that_is_missing_is_told_as_the_shell_does(string script) =>
        _bench.RunFailing(script).Is("DriveNotFound", ErrorCategory.ObjectNotFound).Mentions("'nodrive'");

    [Theory]
    [InlineData("Invoke-LoraResize folder -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Invoke-LoraResize -LiteralPath folder -Recipe 'spn_lora=1,thr=-1'")]
    [InlineData("Get-LoraSpectrum folder")]
    public void Folder_instead_of_a_file(string script)
    {
        Directory.CreateDirectory(_bench.PathOf("folder"));

        _bench.RunFailing(script).Is("PathIsFolder", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(_bench.PathOf("folder"));
    }

    [Fact]
    public void Not_safetensors()
    {
        string path = _bench.AddText("text.safetensors", "This is a text, and a long one, which begins with no length at all.");

        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(path);
    }

    [Fact]
    public void Header_that_is_no_json()
    {
        string path = SampleFile.WriteRaw(_bench.PathOf("broken.safetensors"), "{\"a\": what", []);

        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(path, "JSON");
    }

    [Fact]
    public void Truncated_in_the_tensors()
    {
        string path = _bench.AddLora();
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^100]);

        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(path, "truncated");
    }

    [Fact]
    public void Truncated_in_the_header()
    {
        string path = _bench.AddLora();
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);

        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(path, "truncated");
    }

    [Fact]
    public void Zero_length()
    {
        string path = _bench.AddText("empty.safetensors", string.Empty);

        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).Mentions(path, "empty");
    }

    [Fact]
    public void File_without_lora_layers()
    {
        string path = _bench.Add("vae.safetensors", new SampleFile().Add("decoder.conv_in.bias", Matrix.Gaussian(4, 1, new Random(1))));

        Resize(path).Is("NoLoraLayers", ErrorCategory.InvalidData).Mentions(path, "Is it a LoRA?");
    }

    [Fact]
    public void Checkpoint_given_as_a_lora()
    {
        string path = _bench.AddCheckpoint();
        Resize(path).Is("NoLoraLayers", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(path, "a checkpoint", "not a LoRA", "-Checkpoint");
    }

    [Theory]
    [InlineData("sdxl_checkpoint_singlefile", "a checkpoint (SDXL)")]
    [InlineData("flux_checkpoint_singlefile", "a checkpoint (Flux.1)")]
    [InlineData("sdxl_checkpoint_diffusers_text_encoder", "such as a text encoder")]
    public void Checkpoint_of_a_known_family_given_as_a_lora(string names, string kind)
    {
        SafetensorsLayout layout = SafetensorsLayout.Create(KeyFile.Tensors(names));
        string path = _bench.PathOf("base.safetensors");
        using (FileStream stream = File.Create(path))
        {
            stream.Write(layout.Header(metadata: null));
            stream.SetLength(stream.Position + layout.DataLength);
        }

        // It must not be hashed for this.
        new ExpectedError(Assert.Single(_bench.Run("Get-LoraSpectrum base.safetensors").Errors), IsTerminating: false)
            .Is("NoLoraLayers", ErrorCategory.InvalidData).Mentions(path, kind, "not a LoRA");
    }

    [Theory]
    [InlineData("decoder.conv_in.weight", "a VAE")]
    [InlineData("first_stage_model.decoder.conv_out.weight", "a VAE")]
    [InlineData("decoder.conv1.weight", "a VAE")]
    [InlineData("control_model.input_blocks.0.0.weight", "a ControlNet")]
    [InlineData("controlnet_cond_embedding.conv_in.weight", "a ControlNet")]
    [InlineData("controlnet_x_embedder.weight", "a ControlNet")]
    public void Another_part_of_a_model_given_as_a_lora(string tensor, string kind)
    {
        string path = _bench.Add("part.safetensors", new SampleFile().Add(tensor, Matrix.Gaussian(4, 8, new Random(1))));
        Resize(path).Is("NoLoraLayers", ErrorCategory.InvalidData).Mentions(path, kind, "not a LoRA");
    }

    [Fact]
    public void Embedding_given_as_a_lora()
    {
        string path = _bench.Add("embedding.safetensors", new SampleFile().Add("clip_l", Matrix.Gaussian(4, 8, new Random(1))).Add("clip_g", Matrix.Gaussian(4, 8, new Random(1))));

        Resize(path).Is("NoLoraLayers", ErrorCategory.InvalidData).Mentions(path, "textual inversion");
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html>", "a web page", "download has probably failed")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer", "git lfs pull")]
    [InlineData("{\"error\":\"Unauthorized\"}", "JSON", "Unauthorized")]
    public void Foreign_file_as_a_lora_and_as_a_checkpoint(string content, string kind, string remedy)
    {
        string path = _bench.AddText("style.safetensors", content);
        Resize(path).Is("InvalidSafetensors", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(path, kind, remedy);

        File.Move(path, _bench.PathOf("base.safetensors"));
        _bench.AddLora();
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors").Is("InvalidSafetensors", ErrorCategory.InvalidData).EndsTheCall().Mentions("base.safetensors", kind, remedy);
    }

    [Theory]
    [InlineData("Env:PATH")]
    [InlineData("Variable:PSVersionTable")]
    public void Path_of_another_provider(string path)
    {
        _bench.RunFailing("Invoke-LoraResize $args[0] -Recipe 'spn_lora=1,thr=-1'", path).Is("NotFileSystem", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(path);
        _bench.RunFailing("Get-LoraSpectrum -LiteralPath $args[0]", path).Is("NotFileSystem", ErrorCategory.InvalidArgument).LetsTheCallGoOn().Mentions(path);
    }

    [Theory]
    [InlineData("-Checkpoint")]
    [InlineData("-Destination")]
    public void Parameter_of_another_provider_ends_the_call(string parameter)
    {
        _bench.AddLora();

        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-1' {parameter} Env:PATH").Is("NotFileSystem", ErrorCategory.InvalidArgument).EndsTheCall().Mentions("Env:PATH");
    }

    [Fact]
    public void One_bad_file_of_many_does_not_stop_the_others()
    {
        _bench.AddLora("a.safetensors", 2);
        string bad = _bench.AddText("b.safetensors", "This is a text, and a long one, which begins with no length at all.");
        _bench.AddLora("c.safetensors", 3);

        RunResult result = _bench.Run("Invoke-LoraResize *.safetensors -Recipe $args[0]", Bench.ByItself);

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("InvalidSafetensors", ErrorCategory.InvalidData).LetsTheCallGoOn().Mentions(bad);
        Assert.Equal(["a_spnlora1_th-0.3.safetensors", "c_spnlora1_th-0.3.safetensors"], result.OutputAs<ResizeResult>().Select(item => item.Name));
        Assert.All(result.OutputAs<ResizeResult>(), item => Assert.True(File.Exists(item.Path)));
    }

    [Theory]
    [InlineData("nodrive:/x.safetensors")]
    [InlineData("noprovider::x.safetensors")]
    [InlineData("[.safetensors")]
    public void Path_that_can_not_be_resolved_does_not_stop_the_others(string path)
    {
        _bench.AddLora();

        RunResult result = _bench.Run("Invoke-LoraResize $args[0], style.safetensors -Recipe $args[1]", path, Bench.ByItself);

        Assert.Contains(path.Split('/', ':')[0], Assert.Single(result.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Equal("style_spnlora1_th-0.3.safetensors", result.Only<ResizeResult>().Name);
    }

    private ExpectedError Resize(string path) => _bench.RunFailing("Invoke-LoraResize $args[0] -Recipe $args[1]", path, Bench.ByItself);
}
