namespace ResizeLora.NativePatch;

/// <summary>One symbol that newer libstdc++ versions offer, and what older ones offer for the same purpose.</summary>
internal sealed record PatchRule(string Symbol, string Version, string ReplacementSymbol, string ReplacementVersion)
{
    /// <summary>The libstdc++ versions that TorchSharp's Linux library needs and common distributions lack.</summary>
    public static IReadOnlyList<PatchRule> All { get; } =
    [
        // GCC 13 initialises std::cout and its kin by a function of the library; older compilers constructed a static
        // std::ios_base::Init for that. The constructor does the same work, once per process, and never touches
        // `this`, so calling it without an argument is sound. Debian 12, Ubuntu 22.04 and RHEL 9 lack the function.
        new("_ZSt21ios_base_library_initv", "GLIBCXX_3.4.32", "_ZNSt8ios_base4InitC1Ev", "GLIBCXX_3.4"),

        // std::condition_variable::wait lost its noexcept in GCC 12 and got a new version for that; every libstdc++
        // keeps the old one next to it. RHEL 9 ends at GLIBCXX_3.4.29.
        new("_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.30", "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.11"),
    ];
}
