using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>GetFileInformationByHandleEx.</summary>
internal static partial class WindowsFiles
{
    private const int BasicInformation = 0;
    private const int IdInformation = 18;

    public static FileStatus? Status(SafeFileHandle handle) =>
        Query(handle, BasicInformation, out Basic basic, Marshal.SizeOf<Basic>()) && Query(handle, IdInformation, out Id id, Marshal.SizeOf<Id>())
            ? new FileStatus(id.Volume, new UInt128(id.High, id.Low), DateTime.FromFileTimeUtc(basic.Changed))
            : null;

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandleEx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool Query(SafeFileHandle handle, int kind, out Basic result, int size);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandleEx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool Query(SafeFileHandle handle, int kind, out Id result, int size);

    /// <summary>The fields of FILE_BASIC_INFO that are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Basic
    {
        [FieldOffset(24)]
        public long Changed;
    }

    /// <summary>FILE_ID_INFO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Id
    {
        public ulong Volume;
        public ulong Low;
        public ulong High;
    }
}
