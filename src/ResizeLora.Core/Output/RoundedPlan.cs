namespace ResizeLora.Output;

/// <summary>
/// Finds the smallest output within an error where rounding is a part of it that counts: how much it adds to a layer is known only
/// when its factors are made. So plan and measurement take turns until both agree, and then a little less is tried.
/// </summary>
/// <param name="plan">Plans an output by how much more than expected rounding adds to each layer; or one of less than so many bytes.</param>
/// <param name="measure">Measures what rounding adds to each layer of a planned output.</param>
internal sealed class RoundedPlan(Func<double[]?, long?, OutputFile> plan, Func<OutputFile, double[]> measure)
{
    /// <summary>Two or three agree nearly always.</summary>
    private const int MostPlans = 5;

    /// <summary>Each is smaller by about one singular value.</summary>
    private const int MostSmaller = 16;

    /// <param name="limit">The largest relative error.</param>
    /// <param name="first">The plan by what is expected.</param>
    /// <returns>The smallest output that was found; where nothing is within the error, for something else limits it too, the last.</returns>
    public OutputFile Within(double limit, OutputFile first)
    {
        OutputFile output = Measured(first);
        OutputFile? best = output.RelativeError <= limit ? output : null;
        for (int round = 1; round < MostPlans && Plan(output, below: null, isRequired: best is null) is { } next && !next.Plan.Kept.Ranks.SequenceEqual(output.Plan.Kept.Ranks); round++)
        {
            output = Measured(next);
            if (output.RelativeError <= limit && !(output.Plan.FileLength >= best?.Plan.FileLength))
                best = output;
        }

        for (int round = 0; round < MostSmaller && best is not null && Plan(best, best.Plan.FileLength, isRequired: false) is { } less && Measured(less) is var smaller && smaller.RelativeError <= limit; round++)
            best = smaller;
        return best ?? output;
    }

    /// <summary>The plan by what was measured; null where there is none and one was found before.</summary>
    private OutputFile? Plan(OutputFile measured, long? below, bool isRequired)
    {
        try
        {
            return plan([.. measured.Layers.Select((_, index) => measured.RoundingFactor(index))], below);
        }
        catch (ResizeLoraException) when (!isRequired)
        {
            return null;
        }
    }

    private OutputFile Measured(OutputFile output) => output with { RoundingErrors = measure(output) };
}
