using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>A checkpoint at a time: with another version of one of its files it is not equal.</summary>
/// <param name="Paths">The paths that the user gave.</param>
/// <param name="Files">The versions of its files.</param>
internal sealed record CheckpointVersion(IReadOnlyList<string> Paths, IReadOnlyList<FileVersion> Files)
{
    public bool Equals(CheckpointVersion? other) => other is not null && Files.SequenceEqual(other.Files);

    public override int GetHashCode() => Files.Aggregate(0, HashCode.Combine);
}
