using System.Globalization;

namespace ResizeLora.Testing.Hostile;

/// <summary>How many cases the tests try that make their own bad input: few by default, many for a long run.</summary>
internal static class FuzzVolume
{
    /// <summary>Name of the environment variable that says how many headers are tried; files follow in proportion.</summary>
    public const string Variable = "RESIZELORA_FUZZ_CASES";

    private const int Short = 20_000;

    /// <summary>Headers alone.</summary>
    public static int Headers { get; } =
        int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out int cases) ? cases : Short;

    /// <summary>Headers in a file that is opened.</summary>
    public static int OpenedFiles => Headers / 20;

    /// <summary>Whole files that go through the pipeline over the plain engine.</summary>
    public static int ResizedFiles => Headers / 40;

    /// <summary>Whole files that go through the pipeline over the real engine.</summary>
    public static int EngineFiles => Headers / 250;
}
