namespace ResizeLora.Core.Tests.Norms;

/// <summary>What may happen to a checkpoint whose hash is remembered.</summary>
public enum FileAttack
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A byte is changed where no sample is taken, and the time of writing set back.</summary>
    Edited,

    /// <summary>The same through a memory mapping, as training programs do it.</summary>
    EditedInMemory,

    /// <summary>Another file of the same header, length and time is moved to its place.</summary>
    Replaced,

    /// <summary>The path is a link that leads to another such file from now on.</summary>
    Relinked,

    /// <summary>The file is written anew with what it had.</summary>
    Rewritten,

    /// <summary>Its time of writing is another.</summary>
    Touched,

    /// <summary>It has another name.</summary>
    Renamed,

    /// <summary>It is a copy, times and all.</summary>
    Copied,

    /// <summary>It has one more name.</summary>
    HardLinked,
}
