namespace ResizeLora.Torch;

/// <summary>Why libtorch can't be used in this session.</summary>
public enum TorchUnavailableReason
{
    /// <summary>Files of the module are missing.</summary>
    NotInstalled,

    /// <summary>A file of the module has another size than the build gave it.</summary>
    Damaged,

    /// <summary>Something else in this process has loaded another libtorch already.</summary>
    AlreadyLoaded,

    /// <summary>libtorch is not available for this system.</summary>
    UnsupportedPlatform,

    /// <summary>The files are there, but the system refused to load them.</summary>
    LoadFailed,

    /// <summary>libtorch works, but the wanted device is not there.</summary>
    DeviceMissing,
}
