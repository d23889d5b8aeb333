using ResizeLora.Adapters;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;

namespace ResizeLora.Core.Tests.Writing;

public sealed class OutputPathTests : IDisposable
{
    private const string Words = "spnckpt1_th-1.2";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private AdapterLocation At(string name) => AdapterLocation.Of(_folder[name]);

    [Fact]
    public void The_usual_name_is_beside_the_input_or_in_a_folder()
    {
        Assert.Equal(_folder["style_spnckpt1_th-1.2.safetensors"], OutputPath.Beside.Of(At("style.safetensors"), Words));
        Assert.Equal(_folder["out/style_spnckpt1_th-1.2.safetensors"], OutputPath.In(_folder["out"]).Of(At("style.safetensors"), Words));
        Assert.Null(OutputPath.Beside.OnlyFolder);
        Assert.Equal(_folder["out"], OutputPath.In(_folder["out"]).OnlyFolder);
    }

    [Theory]
    [InlineData("small.safetensors", "small.safetensors", true)]
    [InlineData("small.SAFETENSORS", "small.SAFETENSORS", true)]
    [InlineData("out/{name}-small.safetensors", "out/style-small.safetensors", true)]
    [InlineData("out/{NAME}-{Recipe}.safetensors", "out/style-spnckpt1_th-1.2.safetensors", true)]
    [InlineData("{name}/{recipe}.safetensors", "style/spnckpt1_th-1.2.safetensors", false)]
    [InlineData("out/{3f2504e0-4f89}/{name}.safetensors", "out/{3f2504e0-4f89}/style.safetensors", true)]
    public void Placeholders_are_filled_in(string template, string expected, bool hasOneFolder)
    {
        var path = OutputPath.Of(_folder[template]);
        Assert.Equal(_folder[expected], path.Of(At("style.safetensors"), Words));
        Assert.Equal(hasOneFolder, path.OnlyFolder is not null);
    }

    [Fact]
    public void Folder_is_that_of_the_input()
    {
        var path = OutputPath.Of("{folder}/../small/{name}.safetensors");
        Assert.Equal(_folder["small/style.safetensors"], path.Of(At("in/style.safetensors"), Words));
        Assert.Equal(_folder["small"], path.FolderOf(At("in/style.safetensors")));
    }

    [Fact]
    public void What_is_filled_in_is_not_looked_at_again() =>
        Assert.Equal(_folder["{recipe}-spnckpt1_th-1.2.safetensors"], OutputPath.Of(_folder["{name}-{recipe}.safetensors"]).Of(At("{recipe}.safetensors"), Words));

    [Fact]
    public void Names_of_outputs_begin_and_end_alike()
    {
        Assert.Equal(("style_", ".safetensors"), OutputPath.Beside.NamesOf(At("style.safetensors")));
        Assert.Equal(("a-style-", "-b.safetensors"), OutputPath.Of(_folder["a-{name}-{recipe}-b.safetensors"]).NamesOf(At("style.safetensors")));
        Assert.Equal(("small.safetensors", "small.safetensors"), OutputPath.Of(_folder["small.safetensors"]).NamesOf(At("style.safetensors")));
    }

    [Theory]
    [InlineData("", "OutFileIsFolder", "-Destination")]
    [InlineData("{nmae}.safetensors", "OutFilePlaceholder", "{nmae}", "{name}")]
    [InlineData("{recipe}/{name}.safetensors", "OutFilePlaceholder", "{recipe}")]
    [InlineData("{folder}/{name}.safetensors", "OutFilePlaceholder", "beginning")]
    public void What_outputs_can_t_be_called_is_refused(string template, string errorId, params string[] mentions) =>
        Refusal.Of(errorId, () => OutputPath.Of(_folder.Path + Path.DirectorySeparatorChar + template), mentions);

    [Theory]
    [InlineData("small", "OutFileExtension", "small.safetensors")]
    [InlineData("small.ckpt", "OutFileExtension", ".safetensors")]
    [InlineData("folder.safetensors", "OutFileIsFolder", "-Destination")]
    public void The_output_of_a_file_is_a_file(string name, string errorId, params string[] mentions)
    {
        Directory.CreateDirectory(_folder["folder.safetensors"]);
        Refusal.Of(errorId, () => OutputPath.Of(_folder[name]).Of(At("style.safetensors"), Words), mentions);
    }

    [Fact]
    public void The_output_of_a_folder_is_a_folder()
    {
        var adapter = new AdapterLocation(_folder["style.v2"], IsFolder: true);
        Assert.Equal(_folder["style.v2_spnckpt1_th-1.2"], OutputPath.Beside.Of(adapter, Words));
        Assert.Equal(_folder["out/style.v2_spnckpt1_th-1.2"], OutputPath.In(_folder["out"]).Of(adapter, Words));
        Assert.Equal(_folder["style.v2-small"], OutputPath.Of("{folder}/{name}-small").Of(adapter, Words));
        Assert.Equal(("style.v2_", string.Empty), OutputPath.Beside.NamesOf(adapter));
        Refusal.Of("OutFileExtension", () => OutputPath.Of(_folder["small.safetensors"]).Of(adapter, Words), adapter.Path, "Leave out .safetensors");
    }

    [Fact]
    public void A_folder_that_is_a_file_or_looks_like_one_is_refused_with_the_remedy()
    {
        File.WriteAllText(_folder["file"], "x");
        Refusal.Of("DestinationIsFile", () => OutputPath.In(_folder["file"]), "-OutFile");
        Refusal.Of("DestinationIsFile", () => OutputPath.In(_folder["out/small.safetensors"]), "-OutFile");
        Directory.CreateDirectory(_folder["odd.safetensors"]);
        Assert.Equal(_folder["odd.safetensors"], OutputPath.In(_folder["odd.safetensors"]).OnlyFolder);
    }
}
