using ResizeLora.Core.Tests.Pipeline;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>Rights that are not there, or are no longer.</summary>
public sealed class MissingRightsTests : IDisposable
{
    private const UnixFileMode None = UnixFileMode.None;
    private const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Enter = Read | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode All = Enter | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const string ByItself = "spn_lora=1,thr=-0.3";
    private const string ByCheckpoint = "spn_ckpt=1,thr=-3";

    private readonly Workbench _bench = new();
    private readonly string _lora;
    private readonly string _out;

    public MissingRightsTests()
    {
        _lora = _bench.WriteLora();
        _out = Directory.CreateDirectory(_bench.Folder["out"]).FullName;
        Set(_bench.Folder.Path, Enter);
        Set(_out, All);
    }

    public void Dispose()
    {
        foreach (string folder in Directory.GetDirectories(_bench.Folder.Path).Prepend(_bench.Folder.Path))
            Set(folder, All);
        _bench.Dispose();
    }

    [RightsFact]
    public void An_input_that_must_not_be_read_is_an_error()
    {
        Set(_lora, None);
        AssertFails("AccessDenied", _lora, HostProcess.StartWithoutRights("resize", _lora, _out, ByItself));
    }

    [RightsFact]
    public void A_right_to_read_that_goes_is_an_error_for_layers_that_were_kept()
    {
        HostProcess host = HostProcess.StartWithoutRights("resize-kept", _lora, _out, ByItself);
        Set(_lora, None);
        AssertFails("AccessDenied", _lora, host);
    }

    [RightsFact]
    public void A_folder_that_must_not_be_written_to_is_an_error()
    {
        Set(_out, Enter);
        AssertFails("DestinationNotWritable", _out, HostProcess.StartWithoutRights("resize", _lora, _out, ByItself));
    }

    [RightsFact]
    public void An_output_that_must_not_be_written_to_can_be_replaced_as_its_folder_says()
    {
        string output = Path.Combine(_out, "style_spnlora1_th-0.3.safetensors");
        AssertWorks(HostProcess.StartWithoutRights("resize", _lora, _out, ByItself));
        Set(output, UnixFileMode.UserRead);
        AssertWorks(HostProcess.StartWithoutRights("resize", _lora, _out, ByItself, "force"));
        OutputFolder.AssertWhole(output);
    }

    [RightsFact]
    public void An_output_that_must_not_be_read_stays_as_nobody_knows_what_it_is()
    {
        string output = Path.Combine(_out, "style_spnlora1_th-0.3.safetensors");
        File.WriteAllText(output, "old");
        Set(output, None);
        using HostProcess host = HostProcess.StartWithoutRights("resize", _lora, _out, ByItself, "force");
        host.Go();
        (int exitCode, string text) = host.Finish();
        Assert.StartsWith("OutputIsNotOurs: ", text, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
        Assert.Equal("old", File.ReadAllText(output));
    }

    [RightsFact]
    public void A_temporary_file_of_somebody_else_is_in_nobody_s_way()
    {
        string left = Path.Combine(_out, ".abcdefgh.ijk.resizelora.tmp");
        File.WriteAllText(left, "half");
        Set(left, None);
        AssertWorks(HostProcess.StartWithoutRights("resize", _lora, _out, ByItself));
        Assert.Equal("half", File.ReadAllText(left));
    }

    [RightsFact]
    public void A_cache_that_must_not_be_written_to_is_a_warning()
    {
        Set(Directory.CreateDirectory(_bench.Folder["cache"]).FullName, Enter);
        Assert.Contains("Warning: ", AssertWorks(StartWithCache()), StringComparison.Ordinal);
    }

    [RightsFact]
    public void A_cache_that_must_not_be_read_is_a_warning()
    {
        string cache = Directory.CreateDirectory(_bench.Folder["cache"]).FullName;
        Set(cache, All);
        AssertWorks(StartWithCache());
        string expected = Output();
        string[] files = Directory.GetFiles(cache, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files)
            Set(file, None);
        Assert.Contains("Warning: ", AssertWorks(StartWithCache()), StringComparison.Ordinal);
        Assert.Equal(expected, Output());
    }

    private HostProcess StartWithCache() =>
        HostProcess.StartWithoutRights("resize", _lora, _out, ByCheckpoint, "force", _bench.WriteCheckpoint(), _bench.Folder["cache"]);

    private string Output() => Support.Hash.OfFile(Assert.Single(Directory.GetFiles(_out)));

    private void AssertFails(string errorId, string path, HostProcess host)
    {
        using (host)
        {
            host.Go();
            (int exitCode, string output) = host.Finish();
            Assert.StartsWith($"{errorId}: ", output, StringComparison.Ordinal);
            Assert.Contains(path, output, StringComparison.Ordinal);
            Assert.Equal(1, exitCode);
            Assert.Empty(Directory.GetFileSystemEntries(_out));
        }
    }

    private static string AssertWorks(HostProcess host)
    {
        using (host)
        {
            host.Go();
            (int exitCode, string output) = host.Finish();
            Assert.Equal((0, output), (exitCode, output));
            return output;
        }
    }

    private static void Set(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}
