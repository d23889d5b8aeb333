using System.Diagnostics;

namespace ResizeLora.Testing;

/// <summary>A disk of a few megabytes, mounted for one test. Only root may do that, on Linux.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(params string[] source) => Run("mount", [.. source, Path]);

    /// <summary>Whether disks can be mounted here.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && TryMount();

    /// <summary>Where the disk is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("resizelora-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>A disk in memory; it can reserve room for a file in advance.</summary>
    public static SmallDisk InMemory() => new("-t", "tmpfs", "-o", "size=2m", "none");

    /// <summary>A disk of an old kind: it can't reserve room, so that a file grows until the disk is full.</summary>
    public static SmallDisk Old(string image)
    {
        using (FileStream stream = File.Create(image))
            stream.SetLength(2 << 20);
        Run("mkfs.ext2", "-q", "-F", image);
        return Mounted(image);
    }

    public static SmallDisk Mounted(string image) => new("-o", "loop", image);

    /// <summary>Breaks the disk so that a file on it can be read for the first 12 blocks only.</summary>
    public static void Break(string image, string file) => Run("debugfs", "-w", "-R", $"set_inode_field /{file} block[IND] 99999999", image);

    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
    }

    private static bool TryMount()
    {
        try
        {
            InMemory().Dispose();
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command}: {error}{output.Result}");
    }
}
