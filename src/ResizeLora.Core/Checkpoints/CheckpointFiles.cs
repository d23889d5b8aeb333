using ResizeLora.Checkpoints.Families;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The files that a checkpoint consists of: a single file, the folder of a diffusers model or of one of its components,
/// or several of these.
/// </summary>
/// <param name="Paths">The paths that the user gave.</param>
/// <param name="Groups">The files, those of one component together.</param>
internal sealed record CheckpointFiles(IReadOnlyList<string> Paths, IReadOnlyList<CheckpointFiles.Group> Groups)
{
    /// <summary>All files.</summary>
    public IReadOnlyList<string> All { get; } = [.. Groups.SelectMany(group => group.Files)];

    /// <summary>Finds the files; what is in them is looked at later.</summary>
    /// <exception cref="ResizeLoraException">A folder contains no model, or an incomplete one.</exception>
    public static CheckpointFiles Find(params IReadOnlyList<string> paths)
    {
        var files = new CheckpointFiles(paths, [.. paths.SelectMany(path => Directory.Exists(path) ? InReadableFolder(path) : [new Group(string.Empty, GgufParts.Of(path))]).DistinctBy(SplitModel)]);
        var seen = new HashSet<string>(RealPath.Comparer);
        return files.All.FirstOrDefault(file => !seen.Add(RealPath.Resolve(file))) is { } twice
            ? throw CheckpointErrors.SameCheckpointTwice(twice)
            : files;
    }

    /// <summary>Whether a file is one of these.</summary>
    public bool Contains(string path) => All.Any(file => RealPath.Same(file, path));

    /// <summary>Naming all parts of a model means the model, once.</summary>
    private static object SplitModel(Group group) => group.Files.Count > 1 && group.Folder.Length == 0 ? group.Files[0] : group;

    private static List<Group> InReadableFolder(string folder)
    {
        try
        {
            return InFolder(folder);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw SafetensorsErrors.AccessDenied(folder, exception);
        }
    }

    private static List<Group> InFolder(string folder)
    {
        List<Group> groups =
        [
            .. ModelFamily.Subfolders
                .Select(name => new Group(name, ComponentFolder.Files(Path.Combine(folder, name.TrimEnd('/')))))
                .Where(group => group.Files.Count > 0),
        ];
        if (groups.Count == 0 && ComponentFolder.Files(folder) is { Count: > 0 } files)
            groups.Add(new Group(string.Empty, files));

        return groups.Count > 0 ? groups : throw CheckpointErrors.NoCheckpointInFolder(folder);
    }

    /// <summary>The files of a component.</summary>
    /// <param name="Folder">Its subfolder, such as unet/; empty for what was named outright.</param>
    /// <param name="Files">The files.</param>
    internal sealed record Group(string Folder, IReadOnlyList<string> Files);
}
