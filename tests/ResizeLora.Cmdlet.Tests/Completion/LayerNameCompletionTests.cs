using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class LayerNameCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Layer |")]
    [InlineData("Get-LoraSpectrum style.safetensors |")]
    [InlineData("Invoke-LoraResize style.safetensors -Layer |")]
    [InlineData("Resize-Lora style.safetensors -Layer |")]
    [InlineData("Get-LoraSpectrum -LiteralPath style.safetensors -Layer |")]
    [InlineData("Get-LoraSpectrum -Layer | -LiteralPath style.safetensors")]
    [InlineData("Get-LoraSpectrum broken.safetensors, folder, *.txt, st*.safetensors, style.safetensors -Layer |")]
    public void Layers_of_the_named_files_are_offered(string line) =>
        Assert.Equal(SampleModel.LayerNames.Order(StringComparer.Ordinal), _bench.Texts(line));

    [Theory]
    [InlineData("lora_unet_m|", SampleModel.UnetFeedForward)]
    [InlineData("LORA_TE1|", SampleModel.TextEncoder1)]
    [InlineData("ff_net|", SampleModel.UnetFeedForward)]
    [InlineData("*te2*|", SampleModel.TextEncoder2)]
    [InlineData("lora_te1_x, lora_te2|", SampleModel.TextEncoder2)]
    [InlineData("'lora_te2|", $"'{SampleModel.TextEncoder2}'")]
    [InlineData("\"lora_te2|\"", $"\"{SampleModel.TextEncoder2}\"")]
    public void What_was_typed_narrows_it(string word, string expected) =>
        Assert.Equal([expected], _bench.Texts($"Get-LoraSpectrum style.safetensors -Layer {word}"));

    [Theory]
    [InlineData("Get-LoraSpectrum -Layer |")]
    [InlineData("Get-LoraSpectrum missing.safetensors -Layer |")]
    [InlineData("Get-LoraSpectrum broken.safetensors -Layer |")]
    [InlineData("Get-LoraSpectrum notes.txt -Layer |")]
    [InlineData("Get-LoraSpectrum folder -Layer |")]
    [InlineData("Get-LoraSpectrum '[' -Layer |")]
    [InlineData("Get-LoraSpectrum nodrive:x -Layer |")]
    [InlineData("Get-LoraSpectrum -LiteralPath nodrive:x -Layer |")]
    [InlineData("Get-LoraSpectrum env:PATH -Layer |")]
    [InlineData("Get-LoraSpectrum $unknown -Layer |")]
    [InlineData("Get-LoraSpectrum style.safetensors -Layer nothing_like_it|")]
    [InlineData("Get-LoraSpectrum style.safetensors -Layer '[|")]
    public void Where_there_is_nothing_to_offer_nothing_happens(string line) => Assert.Empty(_bench.Complete(line));
}
