using System.Management.Automation;
using ResizeLora.Cmdlet.Tests.Support;
using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Output;

/// <summary>Users may say what outputs are called; what can't be is refused before any work.</summary>
public sealed class OutFileTests : IDisposable
{
    private const string Recipe = "-Recipe 'spn_lora=1,thr=-0.3'";

    private readonly Bench _bench = new();

    public OutFileTests()
    {
        _bench.AddLora();
        _bench.AddLora("other/detail.safetensors", 3);
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Invoke-LoraResize style.safetensors -OutFile small.safetensors", "small.safetensors")]
    [InlineData("Invoke-LoraResize style.safetensors -OutFile new/below/small.safetensors", "new/below/small.safetensors")]
    [InlineData("Invoke-LoraResize other/detail.safetensors -OutFile '{folder}/{name}-small.safetensors'", "other/detail-small.safetensors")]
    [InlineData("Invoke-LoraResize style.safetensors -OutFile '{name}-{recipe}.safetensors'", "style-spnlora1_th-0.3.safetensors")]
    [InlineData("Get-LoraSpectrum style.safetensors | Invoke-LoraResize -OutFile small.safetensors", "small.safetensors")]
    public void Output_is_where_it_was_said(string script, string expected)
    {
        ResizeResult result = _bench.RunClean($"{script} {Recipe}").Only<ResizeResult>();

        Assert.Equal(_bench.PathOf(expected), result.Path);
        Assert.True(result.IsWritten);
        Assert.True(File.Exists(result.Path));
    }

    [Fact]
    public void Several_are_told_apart_by_placeholders()
    {
        _bench.RunClean("Get-Item style.safetensors, other/detail.safetensors | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.3:spn_lora=1,size=0.006' -OutFile 'out/{name}/{recipe}.safetensors'");

        Assert.Equal(2, _bench.Names("out/style").Count);
        Assert.Equal(2, _bench.Names("out/detail").Count);
        Assert.Contains("spnlora1_th-0.3.safetensors", _bench.Names("out/style"));
    }

    [Theory]
    [InlineData("style.safetensors, other/detail.safetensors -OutFile small.safetensors", "OutputNameCollision", "{name}", "-OutFile")]
    [InlineData("style.safetensors, other/detail.safetensors -OutFile 'small-{recipe}.safetensors'", "OutputNameCollision", "{name}")]
    [InlineData("style.safetensors -OutFile style.safetensors -Force", "OutputIsInput", "-Force")]
    [InlineData("style.safetensors -OutFile small", "OutFileExtension", "small.safetensors")]
    [InlineData("style.safetensors -OutFile other", "OutFileIsFolder", "-Destination")]
    [InlineData("style.safetensors -OutFile '{nmae}.safetensors'", "OutFilePlaceholder", "{nmae}", "{name}")]
    [InlineData("style.safetensors -OutFile small.safetensors -Destination other", "OutFileWithDestination", "-Destination")]
    [InlineData("style.safetensors -Destination out/small.safetensors", "DestinationIsFile", "-OutFile")]
    [InlineData("style.safetensors -Destination other/detail.safetensors", "DestinationIsFile", "-OutFile")]
    [InlineData("style.safetensors -Destination out/small.gguf", "DestinationIsFile", "-OutFile")]
    [InlineData("style.safetensors -OutFile \"a`0b.safetensors\"", "InvalidPath", "NUL")]
    [InlineData("style.safetensors -OutFile \"{folder}/a`0b.safetensors\"", "OutputNameInvalid", "NUL")]
    [InlineData("style.safetensors -Destination \"a`0b\"", "InvalidPath", "NUL")]
    [InlineData("style.safetensors -OutFile \"$('x' * 250).safetensors\"", "OutputNameInvalid", "255 bytes", "-OutFile")]
    [InlineData("style.safetensors -OutFile \"$('\u00e9' * 130).safetensors\"", "OutputNameInvalid", "255 bytes")]
    public void What_can_t_be_is_refused(string arguments, string id, params string[] mentions) =>
        _bench.RunFailing($"Invoke-LoraResize {arguments} {Recipe}").Is(id, ErrorCategory.InvalidArgument).Mentions(mentions);

    [Fact]
    public void Two_recipes_for_one_file_are_refused() =>
        _bench.RunFailing("Invoke-LoraResize style.safetensors -OutFile small.safetensors -Recipe 'spn_lora=1,thr=-0.3:spn_lora=1,thr=-0.2'").Is("OutputNameCollision", ErrorCategory.InvalidArgument).EndsTheCall();

    [Fact]
    public void A_folder_that_can_t_be_written_to_is_found_before_the_work_and_is_a_fault_of_its_inputs_only()
    {
        _bench.AddText("out", "a file where the folder should be");

        RunResult result = _bench.Run($"Invoke-LoraResize style.safetensors, other/detail.safetensors -OutFile '{{folder}}/out/small.safetensors' {Recipe}");

        new ExpectedError(Assert.Single(result.Errors), result.IsTerminated).Is("DestinationNotWritable", ErrorCategory.WriteError).LetsTheCallGoOn().Mentions(_bench.PathOf("style.safetensors"), _bench.PathOf("out"), "-Destination");
        Assert.Equal(_bench.PathOf("other/out/small.safetensors"), result.Only<ResizeResult>().Path);
        Assert.DoesNotContain(result.Progress, record => record.Activity == "style.safetensors");
    }

    [Fact]
    public void Output_of_a_PEFT_adapter_is_a_folder_by_that_name()
    {
        PeftSample.CopyTo(_bench.PathOf("adapter"), "plain");
        ResizeResult result = _bench.RunClean($"Invoke-LoraResize adapter -OutFile 'out/{{name}}-small' {Recipe}").Only<ResizeResult>();

        Assert.Equal(_bench.PathOf("out/adapter-small"), result.Path);
        Assert.True(File.Exists(_bench.PathOf("out/adapter-small/adapter_config.json")));
        _bench.RunFailing($"Invoke-LoraResize adapter -OutFile small.safetensors {Recipe}").Is("OutFileExtension", ErrorCategory.InvalidArgument).EndsTheCall().Mentions(_bench.PathOf("adapter"), "Leave out .safetensors");
        Assert.Empty(_bench.RunClean($"Invoke-LoraResize adapter -OutFile 'out/{{name}}-small' {Recipe} -SkipExisting").Output);
    }

    [Theory]
    [InlineData("adapter/adapter_model.safetensors", "")]
    [InlineData("adapter/adapter_model.safetensors", "-Force")]
    [InlineData("adapter/adapter_model.safetensors", "-SkipExisting")]
    [InlineData("adapter/ADAPTER_MODEL.safetensors", "-Force")]
    [InlineData("{folder}/adapter/adapter_model.safetensors", "-Force")]
    public void A_PEFT_adapter_is_written_whole_only(string outFile, string option)
    {
        PeftSample.CopyTo(_bench.PathOf("adapter"), "plain");
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -OutFile '{outFile}' {Recipe} {option}").Is("OutFileInAdapter", ErrorCategory.InvalidArgument).Mentions("adapter_config.json", _bench.PathOf("adapter"));

        File.Delete(_bench.PathOf("adapter/adapter_model.safetensors"));
        _bench.RunFailing($"Invoke-LoraResize style.safetensors -OutFile '{outFile}' {Recipe} {option}").Is("OutFileInAdapter", ErrorCategory.InvalidArgument);
        Assert.Single(_bench.RunClean($"Invoke-LoraResize style.safetensors -OutFile adapter/other.safetensors {Recipe}").Output);
    }

    [Theory]
    [InlineData("-OutFile small.safetensors")]
    [InlineData("")]
    public void Existing_output_says_what_can_be_done(string outFile)
    {
        _bench.RunClean($"Invoke-LoraResize style.safetensors {Recipe} {outFile}");

        _bench.RunFailing($"Invoke-LoraResize style.safetensors {Recipe} {outFile}").Is("OutputExists", ErrorCategory.ResourceExists).Mentions("already exists", "-Force", "-SkipExisting");
        Assert.Single(_bench.RunClean($"Invoke-LoraResize style.safetensors {Recipe} {outFile} -Force").Output);
    }

    [Fact]
    public void An_output_that_does_not_tell_how_it_was_made_is_not_skipped()
    {
        // As another tool writes it.
        _bench.Add("small.safetensors", SampleModel.Lora(2).AddMetadata("resize_params", "spn_ckpt=1,thr=-1.2"));

        _bench.RunFailing($"Invoke-LoraResize style.safetensors {Recipe} -OutFile small.safetensors -SkipExisting").Is("OutputExists", ErrorCategory.ResourceExists).Mentions("does not record how it was made", "-Force");
    }

    [Fact]
    public void WhatIf_says_that_an_output_is_overwritten()
    {
        var host = new RecordingHost(400);
        using var bench = new Bench(host);
        bench.AddLora();
        foreach ((string prepare, string expected) in new[] { ("", "\"Write resized LoRA (rank"), ("Invoke-LoraResize style.safetensors -OutFile small.safetensors {0}", "\"Overwrite existing output with resized LoRA (rank") })
        {
            bench.Run(string.Format(null, prepare, Recipe));
            host.Take();
            bench.RunInConsole($"Invoke-LoraResize style.safetensors {Recipe} -OutFile small.safetensors -Force -WhatIf");
            Assert.Contains(expected, host.Take(), StringComparison.Ordinal);
        }
    }
}
