using ResizeLora.Completion;
using ResizeLora.Torch;

namespace ResizeLora.Cmdlet.Tests.Completion;

public sealed class DeviceCompletionTests : IDisposable
{
    private readonly CompletionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Get-LoraSpectrum style.safetensors -Device |")]
    [InlineData("Invoke-LoraResize style.safetensors -Device c|")]
    public void The_processor_is_always_offered(string line) => Assert.Contains("cpu", _bench.Texts(line));

    [Fact]
    public void Cuda_is_offered_where_its_library_is()
    {
        foreach (TorchPlatform platform in TorchPlatform.All)
        {
            Assert.Equal(["cpu"], Names(platform));

            File.WriteAllText(_bench.PathOf(platform.FileName("torch_cuda")), "");

            Assert.Equal(["cpu", "cuda"], Names(platform));
        }
    }

    private string[] Names(TorchPlatform platform) => [.. DeviceCompleter.Devices(_bench.PathOf("."), platform).Select(device => device.Name)];
}
