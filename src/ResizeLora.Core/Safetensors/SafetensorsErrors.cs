namespace ResizeLora.Safetensors;

/// <summary>Every error of reading and writing safetensors files, worded in one place.</summary>
internal static class SafetensorsErrors
{
    public static ResizeLoraException NotFound(string path, Exception inner) =>
        new("FileNotFound", FaultKind.NotFound, path, $"'{path}' does not exist.", inner);

    public static ResizeLoraException IsFolder(string path) =>
        new("PathIsFolder", FaultKind.InvalidArgument, path, $"'{path}' is a folder, not a file. Name files in it, for example '{System.IO.Path.Combine(path, "*.safetensors")}'.");

    public static ResizeLoraException AccessDenied(string path, Exception inner) =>
        new("AccessDenied", FaultKind.PermissionDenied, path, $"'{path}' can't be opened: access denied.", inner);

    public static ResizeLoraException NotSafetensors(string path, string reason, Exception? inner = null) =>
        new("InvalidSafetensors", FaultKind.InvalidData, path, $"'{path}' is not a valid safetensors file: {reason}.", inner);

    public static ResizeLoraException Empty(string path) => NotSafetensors(path, "it is empty (0 bytes)");

    public static ResizeLoraException Foreign(string path, ForeignFile file, string? quote, Exception? inner) =>
        new("InvalidSafetensors", FaultKind.InvalidData, path, $"'{path}' is not a valid safetensors file: it is {file.Kind}{(quote is null ? string.Empty : $" (it begins with '{DisplayText.Of(quote)}')")}. {file.RemedyFor(path)}", inner);

    public static ResizeLoraException ReadFailed(string path, Exception inner) =>
        new("ReadFailed", FaultKind.ReadFailed, path, $"Reading '{path}' failed: {inner.Message}", inner);

    public static ResizeLoraException Shrunk(string path, long position) =>
        new("FileChanged", FaultKind.ReadFailed, path, $"'{path}' ended at byte {position} while it was being read: something has shortened it. Try again when no program is writing to it.");

    public static ResizeLoraException Changed(string path) =>
        new("FileChanged", FaultKind.ReadFailed, path, $"'{path}' was changed while it was being read. Try again when no program is writing to it.");

    public static ResizeLoraException TensorTooLarge(string path, TensorInfo tensor) =>
        new("TensorTooLarge", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(tensor.Name)}' of '{path}' has {tensor.ByteCount} bytes, more than can be processed at once.");

    public static ResizeLoraException UnsupportedDType(string path, TensorInfo tensor) =>
        new("UnsupportedDType", FaultKind.InvalidData, path, $"Tensor '{DisplayText.Of(tensor.Name)}' of '{path}' has the dtype {tensor.DType}, which is not supported. Convert the file to F16, BF16 or F32 first.");

    public static ResizeLoraException OutOfMemory(string path, Exception inner) =>
        new("OutOfMemory", FaultKind.OutOfMemory, path, $"There is not enough memory to process '{path}'. Close other programs, or use a machine with more memory.", inner);

    public static ResizeLoraException WriteFailed(string path, Exception inner) =>
        new("WriteFailed", inner is UnauthorizedAccessException ? FaultKind.PermissionDenied : FaultKind.WriteFailed, path, $"Writing '{path}' failed: {inner.Message} Nothing was left behind.", inner);

    public static ResizeLoraException HeaderTooLong(string path, long length) =>
        new("HeaderTooLong", FaultKind.InvalidData, path, $"'{path}' would have a header of {length} bytes, more than the {SafetensorsHeaderParser.MaximumLength} that loaders read: the LoRA has too many tensors, names that are too long, or too much metadata.");

    public static ResizeLoraException OutputExists(string path) =>
        new("OutputExists", FaultKind.AlreadyExists, path, $"'{path}' already exists. Use -Force to overwrite it or -SkipExisting to skip it.");
}
