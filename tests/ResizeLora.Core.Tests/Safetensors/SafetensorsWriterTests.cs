using ResizeLora.Core.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly SafetensorsLayout Layout = SafetensorsLayout.Create(
        [new("one", SafetensorsDType.U8, [3]), new("two", SafetensorsDType.U8, [5])]);

    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["out.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_the_reference_library_is_written_again_to_the_same_bytes()
    {
        using SafetensorsFile file = SafetensorsFile.Open(GoldenData.PathOf("lora_a"));
        SafetensorsLayout layout = SafetensorsLayout.Create(file.Header.Tensors.Select(tensor => new TensorSpec(tensor.Name, tensor.DType, tensor.Shape)));
        byte[] header = layout.Header(file.Header.Metadata);
        using (SafetensorsWriter writer = SafetensorsWriter.Create(Target, header.Length, layout.DataLength))
        {
            // From last to first: the order in which tensors get ready must not matter.
            foreach (TensorInfo tensor in layout.Tensors.Reverse())
                writer.Write(tensor, file.Read(file.Header.Find(tensor.Name)!));
            writer.Commit(header, overwrite: false);
        }

        Assert.Equal(File.ReadAllBytes(file.Path), File.ReadAllBytes(Target));
        Assert.Equal(["out.safetensors"], _folder.FileNames);
    }

    [Fact]
    public void Until_the_commit_there_is_only_a_hidden_temporary_file()
    {
        using SafetensorsWriter writer = Create();
        string name = Assert.Single(_folder.FileNames);
        Assert.StartsWith(".", name, StringComparison.Ordinal);
        Assert.EndsWith(".resizelora.tmp", name, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_commit_nothing_is_left()
    {
        using (SafetensorsWriter writer = Create())
            writer.Write(Layout.Tensors[0], [1, 2, 3]);

        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void A_commit_does_not_overwrite_unless_asked()
    {
        File.WriteAllText(Target, "old");
        using (SafetensorsWriter writer = Create())
        {
            ResizeLoraException exception = Refusal.Of("OutputExists", () => writer.Commit(Layout.Header(null), overwrite: false));
            Assert.Equal(FaultKind.AlreadyExists, exception.Kind);
            Assert.Contains(Target, exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["out.safetensors"], _folder.FileNames);
    }

    [Fact]
    public void A_commit_overwrites_when_asked()
    {
        File.WriteAllText(Target, "old");
        using (SafetensorsWriter writer = Create())
        {
            writer.Write(Layout.Tensors[0], [1, 2, 3]);
            writer.Write(Layout.Tensors[1], [4, 5, 6, 7, 8]);
            writer.Commit(Layout.Header(null), overwrite: true);
        }

        Assert.Equal(["out.safetensors"], _folder.FileNames);
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        Assert.Equal(new byte[] { 4, 5, 6, 7, 8 }, file.Read(file.Header.Find("two")!));
    }

    [Fact]
    public void What_was_written_can_be_read_back_before_the_commit()
    {
        using SafetensorsWriter writer = Create();
        writer.Write(Layout.Tensors[1], [4, 5, 6, 7, 8]);
        writer.Write(Layout.Tensors[0], 1, [2, 3]);
        byte[] bytes = new byte[5];
        writer.ReadBack(1, bytes);
        Assert.Equal(new byte[] { 2, 3, 4, 5, 6 }, bytes);
    }

    [Fact]
    public void A_header_that_nobody_would_read_is_refused_before_anything_is_written()
    {
        const long longest = 8 + 100_000_000;
        Refusal.Of("HeaderTooLong", () => SafetensorsWriter.Create(_folder["out"], longest + 8, 0).Dispose(), _folder["out"]);
        SafetensorsWriter.Create(_folder["out"], longest, 0).Dispose();
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Bytes_that_do_not_fill_the_tensor_are_a_mistake_of_the_caller()
    {
        using SafetensorsWriter writer = Create();
        Assert.Throws<ArgumentException>(() => writer.Write(Layout.Tensors[0], [1, 2]));
        Assert.Throws<ArgumentException>(() => writer.Commit(new byte[8], overwrite: false));
    }

    [Fact]
    public void A_missing_folder_is_an_error_that_names_the_output()
    {
        string path = Path.Combine(_folder["none"], "out.safetensors");
        ResizeLoraException exception = Refusal.Of("WriteFailed", () => SafetensorsWriter.Create(path, 8, 8));
        Assert.Equal(FaultKind.WriteFailed, exception.Kind);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_the_place_of_the_output_is_an_error_and_nothing_is_left()
    {
        Directory.CreateDirectory(Target);
        using (SafetensorsWriter writer = Create())
            Refusal.Of("WriteFailed", () => writer.Commit(Layout.Header(null), overwrite: true));

        Assert.Empty(_folder.FileNames);
        Assert.True(Directory.Exists(Target));
    }

    private SafetensorsWriter Create() => SafetensorsWriter.Create(Target, Layout.Header(null).Length, Layout.DataLength);
}
