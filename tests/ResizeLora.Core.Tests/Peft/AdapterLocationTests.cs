using ResizeLora.Adapters;
using ResizeLora.Core.Tests.Support;

namespace ResizeLora.Core.Tests.Peft;

public sealed class AdapterLocationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("style.v1")]
    [InlineData("style.v1/")]
    [InlineData("style.v1/adapter_model.safetensors")]
    [InlineData("style.v1/adapter_config.json")]
    public void A_folder_and_the_files_in_it_are_one_adapter(string path)
    {
        Add("style.v1/adapter_model.safetensors", "style.v1/adapter_config.json");

        var location = AdapterLocation.Of(_folder[path]);

        Assert.Equal(new AdapterLocation(_folder["style.v1"], IsFolder: true), location);
        Assert.Equal("style.v1", location.Name);
        Assert.Equal("style.v1_th-1.2", location.OutputName("style.v1_th-1.2.safetensors"));
    }

    [Theory]
    [InlineData("style.v1/other.safetensors", "other")]
    [InlineData("style.v1/pytorch_lora_weights.safetensors", "pytorch_lora_weights")]
    [InlineData("none", "none")]
    public void Other_names_are_files_of_their_own(string path, string name)
    {
        Add("style.v1/adapter_model.safetensors", "style.v1/adapter_config.json", "style.v1/other.safetensors");

        var location = AdapterLocation.Of(_folder[path]);

        Assert.Equal(new AdapterLocation(_folder[path], IsFolder: false), location);
        Assert.Equal(name, location.Name);
        Assert.Null(location.LostConfiguration);
    }

    [Theory]
    [InlineData("adapter_model.safetensors", "lacks the 'adapter_config.json'")]
    [InlineData("renamed.safetensors", null)]
    public void Weights_without_a_configuration_are_a_file(string name, string? warning)
    {
        Add(name);

        var location = AdapterLocation.Of(_folder[name]);

        Assert.False(location.IsFolder);
        Assert.Equal(warning is null, location.LostConfiguration is null);
        Assert.Contains(warning ?? string.Empty, location.LostConfiguration ?? string.Empty, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_beside_a_file_of_another_name_is_doubted()
    {
        Add("style.safetensors", "adapter_config.json");

        Assert.Contains("rename", AdapterLocation.Of(_folder["style.safetensors"]).LostConfiguration, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new string[0], "PathIsFolder", "adapter_model.safetensors")]
    [InlineData(new[] { "a/style.safetensors" }, "PathIsFolder", "*.safetensors")]
    [InlineData(new[] { "a/adapter_model.bin", "a/adapter_config.json" }, "PickledAdapter", "save_pretrained")]
    [InlineData(new[] { "a/adapter_model.safetensors" }, "NotPeftFolder", "without 'adapter_config.json'")]
    [InlineData(new[] { "a/adapter_config.json" }, "NotPeftFolder", "without 'adapter_model.safetensors'")]
    public void A_folder_that_is_none_is_refused_with_what_it_lacks(string[] files, string errorId, string inMessage)
    {
        Directory.CreateDirectory(_folder["a"]);
        Add(files);

        Refusal.Of(errorId, () => AdapterSource.Open(_folder["a"]).Dispose(), _folder["a"], inMessage);
    }

    private void Add(params string[] names)
    {
        foreach (string name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            File.WriteAllText(_folder[name], "{}");
        }
    }
}
