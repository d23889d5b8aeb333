using ResizeLora.NativeMend;

if (args is not [string source, string destination])
{
    Console.Error.WriteLine("Usage: ResizeLora.NativeMend SOURCE.so DESTINATION.so");
    return 2;
}

try
{
    bool changed = MendedFile.Write(source, destination);
    Console.WriteLine(changed ? $"Mended {Path.GetFileName(destination)}." : $"{Path.GetFileName(destination)} needs no mending.");
    return 0;
}
catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"'{source}' can't be mended: {exception.Message}");
    return 1;
}
