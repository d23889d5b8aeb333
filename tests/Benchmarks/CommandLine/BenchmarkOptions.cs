using System.Globalization;
using ResizeLora.Benchmarks.Measurements;

namespace ResizeLora.Benchmarks.CommandLine;

/// <summary>What the command line asks for.</summary>
/// <param name="Folder">Where the sample files are, or go to.</param>
/// <param name="Measurements">What to measure, in the order of the table.</param>
/// <param name="Repetitions">How often; null for each measurement's own number.</param>
/// <param name="IsSmall">Whether a few layers are enough, to try the benchmarks themselves.</param>
internal sealed record BenchmarkOptions(string Folder, IReadOnlyList<IMeasurement> Measurements, int? Repetitions, bool IsSmall)
{
    private const string RepetitionsOption = "--repetitions";
    private const string SmallOption = "--small";

    public static string Usage => $"""

        dotnet run --project tests/Benchmarks -c Release -- <folder> [row …] [{RepetitionsOption} <number>] [{SmallOption}]

          <folder>          Where the sample files are made, once: a folder with 20 GB free.
          row               What to measure; without one, all but kernels:
        {string.Join(Environment.NewLine, MeasurementList.All.Select(row => $"                      {row.Name,-10}{row.Description}"))}
          {RepetitionsOption}     How often each run is repeated.
          {SmallOption}           Files of six layers only: tries the benchmarks themselves, in seconds.
        """;

    /// <exception cref="UsageException">The arguments make no sense.</exception>
    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments)
    {
        string? folder = null;
        var rows = new List<IMeasurement>();
        int? repetitions = null;
        bool isSmall = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == SmallOption)
                isSmall = true;
            else if (argument == RepetitionsOption)
                repetitions = ParseRepetitions(++i < arguments.Count ? arguments[i] : string.Empty);
            else if (argument.StartsWith('-'))
                throw new UsageException($"There is no option '{argument}'.");
            else if (folder is null)
                folder = Path.GetFullPath(argument);
            else
                rows.Add(MeasurementList.Find(argument) ?? throw new UsageException($"There is no row '{argument}'."));
        }

        return new BenchmarkOptions(
            folder ?? throw new UsageException("The folder for the sample files is missing."),
            rows.Count > 0 ? rows : MeasurementList.Default,
            repetitions,
            isSmall);
    }

    private static int ParseRepetitions(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new UsageException($"{RepetitionsOption} needs a number of at least 1, not '{text}'.");
}
