using ResizeLora.NativeMend;

try
{
    switch (args)
    {
        case ["mend", string source, string destination]:
            bool changed = MendedFile.Write(source, destination);
            Console.WriteLine(changed ? $"Mended {Path.GetFileName(destination)}." : $"{Path.GetFileName(destination)} needs no mending.");
            return 0;
        case ["list", string list, .. string[] files]:
            Console.WriteLine(NativeList.Write(list, files) ? $"Wrote {list}." : $"{list} is up to date.");
            return 0;
        default:
            Console.Error.WriteLine("Usage: ResizeLora.NativeMend mend SOURCE.so DESTINATION.so, or ResizeLora.NativeMend list LIST.txt FILE...");
            return 2;
    }
}
catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"'{args[1]}': {exception.Message}");
    return 1;
}
