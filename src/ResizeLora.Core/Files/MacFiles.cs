using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>fstat, as processors of Apple's own have it.</summary>
internal static partial class MacFiles
{
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

    /// <summary>What is used of struct stat.</summary>
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
