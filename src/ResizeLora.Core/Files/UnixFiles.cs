using System.Runtime.InteropServices;

namespace ResizeLora.Files;

/// <summary>What all Unix systems have in common.</summary>
internal static partial class UnixFiles
{
    /// <summary>The error number of a name that is taken.</summary>
    public const int Exists = 17;

    public static DateTime Time(long seconds, long nanoseconds) =>
        DateTime.UnixEpoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / TimeSpan.NanosecondsPerTick));

    /// <summary>Gives a file a second name, unless that is taken.</summary>
    /// <returns>0, or the number of the error.</returns>
    public static int Link(string path, string name) => LinkOrMinus1(path, name) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int LinkOrMinus1(string path, string name);
}
