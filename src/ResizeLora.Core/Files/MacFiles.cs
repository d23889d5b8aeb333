using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>fstat, as processors of Apple's own have it, and renamex_np.</summary>
internal static partial class MacFiles
{
    private const uint Swap = 2;

    /// <summary>Gives two paths each what the other one leads to, in one step.</summary>
    /// <returns>False where the file system can't.</returns>
    public static bool TryExchange(string left, string right) => Renamex(left, right, Swap) == 0;

    public static FileStatus? Status(SafeFileHandle handle)
    {
        // Older processors have an older structure under this name.
        if (RuntimeInformation.ProcessArchitecture != Architecture.Arm64)
            return null;

        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Fstat((int)handle.DangerousGetHandle(), out Stat result) == 0
                ? new FileStatus((uint)result.Device, result.Number, UnixFiles.Time(result.ChangedSeconds, result.ChangedNanoseconds))
                : null;
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "fstat")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fstat(int file, out Stat result);

    [LibraryImport("libc", EntryPoint = "renamex_np", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Renamex(string left, string right, uint flags);

    /// <summary>The fields of struct stat that are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private struct Stat
    {
        [FieldOffset(0)]
        public int Device;

        [FieldOffset(8)]
        public ulong Number;

        [FieldOffset(64)]
        public long ChangedSeconds;

        [FieldOffset(72)]
        public long ChangedNanoseconds;
    }
}
