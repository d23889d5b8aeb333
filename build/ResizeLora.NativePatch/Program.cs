using ResizeLora.NativePatch;

try
{
    switch (args)
    {
        case ["patch", string source, string destination]:
            bool changed = PatchedFile.Write(source, destination);
            Console.WriteLine(changed ? $"Patched {Path.GetFileName(destination)}." : $"{Path.GetFileName(destination)} needs no patching.");
            return 0;
        case ["list", string list, .. string[] files]:
            Console.WriteLine(NativeList.Write(list, files) ? $"Wrote {list}." : $"{list} is up to date.");
            return 0;
        default:
            Console.Error.WriteLine("Usage: ResizeLora.NativePatch patch SOURCE.so DESTINATION.so, or ResizeLora.NativePatch list LIST.txt FILE...");
            return 2;
    }
}
catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"'{args[1]}': {exception.Message}");
    return 1;
}
