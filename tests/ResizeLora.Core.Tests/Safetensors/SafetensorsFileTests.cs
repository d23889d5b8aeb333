using System.Diagnostics;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_is_named()
    {
        string path = _folder["missing.safetensors"];
        ResizeLoraException exception = Refusal.Of("FileNotFound", () => SafetensorsFile.Open(path));
        Assert.Equal(FaultKind.NotFound, exception.Kind);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_a_missing_folder_is_missing() =>
        Refusal.Of("FileNotFound", () => SafetensorsFile.Open(Path.Combine(_folder["none"], "a.safetensors")));

    [Fact]
    public void A_folder_is_refused() =>
        Refusal.Of("PathIsFolder", () => SafetensorsFile.Open(_folder.Path), _folder.Path, "folder");

    [Fact]
    public void An_empty_file_is_refused()
    {
        File.WriteAllBytes(_folder["empty"], []);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder["empty"]), _folder["empty"], "0 bytes");
    }

    [Fact]
    public void A_file_shorter_than_its_length_field_is_refused()
    {
        File.WriteAllBytes(_folder["short"], new byte[7]);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(_folder["short"]), "7 bytes");
    }

    [UnixTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pipe_is_refused_and_not_waited_for(bool throughLink)
    {
        using (Process mkfifo = Process.Start("mkfifo", [_folder["pipe"]]))
            await mkfifo.WaitForExitAsync();
        File.CreateSymbolicLink(_folder["link"], _folder["pipe"]);
        string path = _folder[throughLink ? "link" : "pipe"];

        var refusal = Task.Run(() => Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), path));
        Task first = await Task.WhenAny(refusal, Task.Delay(TimeSpan.FromMinutes(1)));

        // Whatever waits for a writer gets one, or the test would not end.
        if (first != refusal)
            await using (new FileStream(_folder["pipe"], FileMode.Open, FileAccess.ReadWrite)) { }
        Assert.Same(refusal, first);
        await refusal;
    }

    [UnixTheory]
    [InlineData("/dev/null")]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    [InlineData("/proc/self/maps")]
    public void A_device_is_refused(string path) => Assert.Contains(path, Assert.Throws<ResizeLoraException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_header_above_the_cap_is_refused_by_its_length_alone()
    {
        string path = SampleFile.WriteRaw(_folder["cap"], "{}", [], headerLength: 100_000_001);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), "100000001", "100000000");
    }

    [Fact]
    public void A_length_of_the_largest_number_is_refused_and_does_not_overflow()
    {
        string path = SampleFile.WriteRaw(_folder["huge"], "{}", [], headerLength: -1);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), "18446744073709551615");
    }

    [Fact]
    public void A_header_that_the_file_does_not_hold_is_refused()
    {
        string path = SampleFile.WriteRaw(_folder["cut"], "{}", [], headerLength: 3);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), path, "truncated");
    }

    [Fact]
    public void A_file_cut_within_its_tensors_is_refused_and_names_the_tensor()
    {
        string path = SampleFile.WriteRaw(_folder["cut"], """{"some.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[5]);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path), path, "some.weight", "truncated");
    }

    [Fact]
    public void A_refused_file_is_not_kept_open()
    {
        string path = SampleFile.WriteRaw(_folder["bad"], "[]", []);
        Refusal.Of("InvalidSafetensors", () => SafetensorsFile.Open(path));
        using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.CanWrite);
    }

    [Fact]
    public void Tensors_are_read_whole_and_in_part()
    {
        string path = new SampleFile()
            .AddRaw("one", SafetensorsDType.U8, [4], [1, 2, 3, 4])
            .AddRaw("two", SafetensorsDType.U8, [3], [5, 6, 7])
            .AddRaw("none", SafetensorsDType.U8, [0], [])
            .Write(_folder["file"]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(new byte[] { 1, 2, 3, 4 }, file.Read(file.Header.Find("one")!));
        Assert.Equal(new byte[] { 6, 7 }, file.Rent(file.Header.Find("two")!, 1, 2).Span.ToArray());
        Assert.Empty(file.Read(file.Header.Find("none")!));
        Assert.Equal(new FileInfo(path).Length, file.Length);
        Assert.Equal(File.GetLastWriteTimeUtc(path), file.Modified);
    }

    [UnixFact]
    public void A_file_that_shrinks_while_it_is_open_gives_an_error()
    {
        string path = new SampleFile().AddRaw("one", SafetensorsDType.U8, [1000], new byte[1000]).Write(_folder["file"]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (Microsoft.Win32.SafeHandles.SafeFileHandle writer = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            RandomAccess.SetLength(writer, file.Length - 10);

        ResizeLoraException exception = Refusal.Of("FileChanged", () => file.Read(file.Header.Find("one")!));
        Assert.Equal(FaultKind.ReadFailed, exception.Kind);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_too_large_for_one_buffer_is_refused_before_memory_is_taken()
    {
        string path = new SampleFile().AddRaw("one", SafetensorsDType.U8, [1], [0]).Write(_folder["file"]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var huge = new TensorInfo("huge", SafetensorsDType.U8, [1L << 40], 0, 1L << 40);
        Refusal.Of("TensorTooLarge", () => file.Read(huge), "'huge'", path);
    }
}
