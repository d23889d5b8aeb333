namespace ResizeLora.Benchmarks.Reporting;

/// <summary>Tells how far things are, apart from the report.</summary>
internal static class Log
{
    public static void Write(string message) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss}  {message}");
}
