using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.BadInput;

/// <summary>No file is lost: neither an output of before, unless it is meant to be, nor ever an input.</summary>
public sealed class OutputSafetyTests : IDisposable
{
    private const string Output = "style_spnlora1_th-0.3.safetensors";

    private readonly Bench _bench = new();

    public OutputSafetyTests() => _bench.AddLora();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Existing_output_is_an_error()
    {
        string path = _bench.AddText(Output, "precious");

        Resize("style.safetensors").Is("OutputExists", ErrorCategory.ResourceExists).LetsTheCallGoOn().Mentions(path, "-Force");
    }

    [Theory]
    [InlineData("base", "is a checkpoint")]
    [InlineData("lora", "was not resized by ResizeLora")]
    [InlineData("text", "is not a safetensors file that can be read")]
    [InlineData("nothing", "is not a safetensors file that can be read")]
    public void Force_replaces_only_what_this_module_has_made(string kind, string mention)
    {
        string precious = _bench.PathOf("base.safetensors");
        _ = kind switch { "base" => _bench.AddCheckpoint(), "lora" => _bench.AddLora("base.safetensors", 7), _ => _bench.AddText("base.safetensors", kind == "text" ? "precious" : "") };

        foreach (string force in new[] { "-Force", "-Force -SkipExisting", "-Force -WhatIf" })
            Resize($"style.safetensors -OutFile base.safetensors {force}").Is("OutputIsNotOurs", ErrorCategory.ResourceExists).LetsTheCallGoOn().Mentions(precious, mention, "-Force replaces only", "Choose another name", "remove it");
        Resize("style.safetensors -OutFile base.safetensors").Is("OutputExists", ErrorCategory.ResourceExists).Mentions(precious, mention);
    }

    [Fact]
    public void What_is_in_the_way_is_found_before_any_layer_is_decomposed()
    {
        _bench.AddCheckpoint();
        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,size=0.01' -OutFile base.safetensors -Force");

        Assert.Single(result.Errors);
        Assert.DoesNotContain(result.Progress, record => record.StatusDescription.Contains("layer", StringComparison.Ordinal));
    }

    [Fact]
    public void Force_replaces_an_output_by_any_name()
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -OutFile small.safetensors", Bench.ByItself);
        string before = Bench.Hash(_bench.PathOf("small.safetensors"));

        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.1' -OutFile small.safetensors -Force");

        Assert.NotEqual(before, Bench.Hash(_bench.PathOf("small.safetensors")));
    }

    [Fact]
    public void Force_overwrites_an_existing_output()
    {
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself);
        string expected = Bench.Hash(_bench.PathOf(Output));
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.1' -OutFile other.safetensors");
        File.Move(_bench.PathOf("other.safetensors"), _bench.PathOf(Output), overwrite: true);

        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -Force", Bench.ByItself);

        Assert.Equal(expected, Bench.Hash(_bench.PathOf(Output)));
    }

    [Fact]
    public void Existing_output_does_not_stop_the_other_recipes()
    {
        _bench.AddText(Output, "precious");

        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.3:spn_lora=1,thr=-0.2'");

        Assert.StartsWith("OutputExists,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("style_spnlora1_th-0.2.safetensors", result.Only<ResizeResult>().Name);
        Assert.Equal("precious", File.ReadAllText(_bench.PathOf(Output)));
    }

    [Fact]
    public void Input_that_is_named_like_the_output_of_another_is_never_overwritten()
    {
        string precious = _bench.AddLora(Output, 5);

        AssertProtected(precious, $"Invoke-LoraResize style.safetensors, {Output} -Recipe $args[0] -Force");
    }

    [Fact]
    public void Input_behind_a_link_is_never_overwritten()
    {
        string precious = _bench.AddLora(Output, 5);
        File.CreateSymbolicLink(_bench.PathOf("link.safetensors"), precious);

        AssertProtected(precious, "Invoke-LoraResize style.safetensors, link.safetensors -Recipe $args[0] -Force");
    }

    [Fact]
    public void Input_that_the_output_is_a_link_to_is_never_overwritten()
    {
        File.CreateSymbolicLink(_bench.PathOf(Output), _bench.PathOf("style.safetensors"));

        AssertProtected(_bench.PathOf("style.safetensors"), "Invoke-LoraResize style.safetensors -Recipe $args[0] -Force");
        Assert.NotNull(new FileInfo(_bench.PathOf(Output)).LinkTarget);
    }

    [Fact]
    public void Input_in_a_folder_that_the_destination_is_a_link_to_is_never_overwritten()
    {
        string precious = _bench.AddLora(Output, 5);
        Directory.CreateDirectory(_bench.PathOf("other"));
        Directory.CreateSymbolicLink(_bench.PathOf("other/link"), _bench.Folder);

        AssertProtected(precious, $"Invoke-LoraResize style.safetensors, {Output} -Recipe $args[0] -Destination other/link -Force");
    }

    [Fact]
    public void Input_that_is_named_through_a_linked_folder_is_never_overwritten()
    {
        string precious = _bench.AddLora($"real/{Output}", 5);
        Directory.CreateSymbolicLink(_bench.PathOf("link"), _bench.PathOf("real"));

        AssertProtected(precious, $"Invoke-LoraResize style.safetensors, link/{Output} -Recipe $args[0] -Destination real -Force");
    }

    [Theory]
    [InlineData("sub/..")]
    [InlineData("./sub/../.")]
    public void Input_is_never_overwritten_on_a_roundabout_way(string destination)
    {
        Directory.CreateDirectory(_bench.PathOf("sub"));
        string precious = _bench.AddLora(Output, 5);

        AssertProtected(precious, $"Invoke-LoraResize style.safetensors, {Output} -Recipe $args[0] -Destination {destination} -Force");
        AssertProtected(precious, $"Invoke-LoraResize -LiteralPath style.safetensors, {destination}/{Output} -Recipe $args[0] -Force");
    }

    [Fact]
    public void Checkpoint_is_never_overwritten()
    {
        string checkpoint = _bench.AddCheckpoint(Output);
        string before = Bench.Hash(checkpoint);

        _bench.RunFailing($"Invoke-LoraResize style.safetensors -Checkpoint {Output} -Recipe $args[0] -Force", Bench.ByItself)
            .Is("OutputIsInput", ErrorCategory.InvalidArgument)
            .Mentions(checkpoint);
        Assert.Equal(before, Bench.Hash(checkpoint));
    }

    [UnixFact]
    public void Input_that_the_output_is_a_hard_link_of_is_never_overwritten()
    {
        Assert.Equal(0, UnixFiles.Link(_bench.PathOf("style.safetensors"), _bench.PathOf(Output)));

        AssertProtected(_bench.PathOf("style.safetensors"), "Invoke-LoraResize style.safetensors -Recipe $args[0] -Force");
        Assert.Equal(Bench.Hash(_bench.PathOf("style.safetensors")), Bench.Hash(_bench.PathOf(Output)));
    }

    [UnixFact]
    public void Other_input_that_the_output_is_a_hard_link_of_is_never_overwritten()
    {
        string precious = _bench.AddLora("other/precious.safetensors", 5);
        Assert.Equal(0, UnixFiles.Link(precious, _bench.PathOf(Output)));

        AssertProtected(_bench.PathOf(Output), "Invoke-LoraResize style.safetensors, other/precious.safetensors -Recipe $args[0] -Force");
    }

    [UnixFact]
    public void Checkpoint_that_the_output_is_a_hard_link_of_is_never_overwritten()
    {
        Assert.Equal(0, UnixFiles.Link(_bench.AddCheckpoint(), _bench.PathOf(Output)));

        AssertProtected(_bench.PathOf(Output), "Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe $args[0] -Force");
    }

    [UnixFact]
    public void Checkpoint_by_another_name_of_it_is_skipped()
    {
        Assert.Equal(0, UnixFiles.Link(_bench.AddCheckpoint(), _bench.PathOf("BASE.safetensors")));

        Assert.Equal(Output, _bench.RunClean("Invoke-LoraResize *.safetensors -Checkpoint base.safetensors -Recipe $args[0]", Bench.ByItself).Only<ResizeResult>().Name);
    }

    [UnixFact]
    public void Output_that_is_a_link_to_an_output_is_replaced_and_what_it_led_to_stays()
    {
        string earlier = _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe 'spn_lora=1,thr=-0.1' -Destination elsewhere").Only<ResizeResult>().Path;
        string before = Bench.Hash(earlier);
        File.CreateSymbolicLink(_bench.PathOf(Output), earlier);

        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -Force", Bench.ByItself);

        Assert.Equal(before, Bench.Hash(earlier));
        Assert.Null(new FileInfo(_bench.PathOf(Output)).LinkTarget);
    }

    [UnixTheory]
    [InlineData("elsewhere/precious.txt")]
    [InlineData("elsewhere/nothing")]
    public void Output_that_is_a_link_to_anything_else_stays(string target)
    {
        _bench.AddText("elsewhere/precious.txt", "precious");
        File.CreateSymbolicLink(_bench.PathOf(Output), _bench.PathOf(target));

        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe $args[0] -Force", Bench.ByItself);

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("OutputIsNotOurs", ErrorCategory.ResourceExists);
        Assert.NotNull(new FileInfo(_bench.PathOf(Output)).LinkTarget);
    }

    [UnixFact]
    public void Output_that_is_a_link_to_nowhere_is_an_error()
    {
        File.CreateSymbolicLink(_bench.PathOf(Output), _bench.PathOf("nowhere"));

        RunResult result = _bench.Run("Invoke-LoraResize style.safetensors -Recipe $args[0]", Bench.ByItself);

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("OutputExists", ErrorCategory.ResourceExists).LetsTheCallGoOn();
        Assert.DoesNotContain(result.Progress, record => record.StatusDescription.Contains("layer", StringComparison.Ordinal));
    }

    [Fact]
    public void Next_run_in_a_folder_removes_what_a_killed_one_left()
    {
        string left = _bench.AddText("out/.abcdefgh.ijk.resizelora.tmp", "half");
        string other = _bench.AddText("out/notes.resizelora.tmp", "precious");

        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -Destination out -WhatIf", Bench.ByItself);
        Assert.True(File.Exists(left));
        _bench.RunClean("Invoke-LoraResize style.safetensors -Recipe $args[0] -Destination out", Bench.ByItself);

        Assert.False(File.Exists(left));
        Assert.True(File.Exists(other));
    }

    [SmallDiskFact]
    public void Disk_without_room_is_an_error_of_the_file_and_the_next_one_is_tried()
    {
        using SmallDisk disk = SmallDisk.InMemory();
        byte[] large = new byte[3 << 20];
        _bench.Add("large.safetensors", SampleModel.Lora().AddRaw("other", SafetensorsDType.U8, [large.Length], large));

        RunResult result = _bench.Run("Invoke-LoraResize large.safetensors, style.safetensors -Recipe $args[0] -Destination $args[1]", Bench.ByItself, disk.Path);

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("WriteFailed", ErrorCategory.WriteError).LetsTheCallGoOn().Mentions(disk["large"]);
        Assert.Equal(Output, result.Only<ResizeResult>().Name);
        Assert.Equal([disk[Output]], Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public void Source_of_layers_is_never_overwritten()
    {
        string precious = _bench.AddLora(Output, 5);

        AssertProtected(precious, $"Get-LoraSpectrum style.safetensors, {Output} | Invoke-LoraResize -Recipe $args[0] -Force");
    }

    [Fact]
    public void Two_outputs_of_one_name_are_an_error_before_any_work()
    {
        string first = _bench.AddLora("a/style.safetensors", 2);
        string second = _bench.AddLora("b/style.safetensors", 3);

        _bench.RunFailing("Invoke-LoraResize a/style.safetensors, b/style.safetensors -Recipe $args[0] -Destination out", Bench.ByItself)
            .Is("OutputNameCollision", ErrorCategory.InvalidArgument)
            .EndsTheCall()
            .Mentions(first, second, Output);
    }

    [Fact]
    public void Two_outputs_of_one_name_by_size_are_an_error_before_any_work()
    {
        _bench.AddLora("a/style.safetensors", 2);
        _bench.AddLora("b/style.safetensors", 2);

        _bench.RunFailing("Invoke-LoraResize a/style.safetensors, b/style.safetensors -Recipe 'spn_lora=1,size=0.01' -Destination out")
            .Is("OutputNameCollision", ErrorCategory.InvalidArgument)
            .EndsTheCall();
    }

    [Fact]
    public void Recipes_that_differ_by_less_than_the_name_tells_are_an_error()
    {
        _bench.AddCheckpoint();
        _bench.RunFailing("Invoke-LoraResize style.safetensors -Checkpoint base.safetensors -Recipe 'spn_lora=2,spn_ckpt=1,thr=-0.3:spn_lora=0.67,spn_ckpt=0.33,thr=-0.3'")
            .Is("OutputNameCollision", ErrorCategory.InvalidArgument)
            .EndsTheCall()
            .Mentions("spn_lora=2,thr=-0.3'", "spn_lora=0.67,thr=-0.3'");
    }

    [Theory]
    [InlineData("'spn_lora=1,thr=-0.3:spn_lora=1,thr=-0.3'")]
    [InlineData("'spn_lora=1,thr=-0.3', 'thr=-0.30,spn_lora'")]
    [InlineData("'spn_lora=1,thr=-0.3', ([ResizeLora.ResizeRecipe]::Parse('spn_lora=1,thr=-0.3'))")]
    public void Same_recipe_twice_is_one_output(string recipes) =>
        Assert.Equal(Output, _bench.RunClean($"Invoke-LoraResize style.safetensors -Recipe {recipes}").Only<ResizeResult>().Name);

    [Fact]
    public void Same_file_twice_is_one_output() =>
        Assert.Equal(Output, _bench.RunClean("Invoke-LoraResize style.safetensors, ./style.safetensors, *.safetensors -Recipe $args[0]", Bench.ByItself).Only<ResizeResult>().Name);

    private ExpectedError Resize(string arguments) => _bench.RunFailing($"Invoke-LoraResize {arguments} -Recipe $args[0]", Bench.ByItself);

    private void AssertProtected(string precious, string script)
    {
        string before = Bench.Hash(precious);

        RunResult result = _bench.Run(script, Bench.ByItself);

        Assert.Equal(before, Bench.Hash(precious));
        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("OutputIsInput", ErrorCategory.InvalidArgument).Mentions("-Force");
        Assert.DoesNotContain(_bench.Listing(), line => line.Contains(".tmp", StringComparison.Ordinal));
    }
}
