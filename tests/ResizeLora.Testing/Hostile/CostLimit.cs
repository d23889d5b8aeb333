using System.Globalization;
using Xunit;

namespace ResizeLora.Testing.Hostile;

/// <summary>What a case may cost, and what the dearest has cost.</summary>
/// <param name="time">Processor time, which other work on the machine does not add to; a hundred times what is usual.</param>
/// <param name="bytes">Bytes that may be allocated whatever the length of the input.</param>
/// <param name="bytesPerByte">Bytes that may be allocated for each byte of the input.</param>
/// <param name="clock">The clock: of the thread, or of the process where the work has several and nothing else runs.</param>
internal sealed class CostLimit(TimeSpan time, long bytes, long bytesPerByte, Func<TimeSpan> clock)
{
    private TimeSpan _longest;
    private (long Allocated, long Length) _most;

    /// <summary>The time when a case begins.</summary>
    public TimeSpan Now => clock();

    /// <summary>Asserts that a case that began at a time kept within the limit.</summary>
    public void Check(TimeSpan begin, long allocated, long length)
    {
        TimeSpan taken = Now - begin;
        Assert.True(taken < time, $"It took {taken}.");
        Assert.True(allocated <= bytes + bytesPerByte * length, $"{allocated} bytes were allocated for {length}.");
        _longest = taken > _longest ? taken : _longest;
        _most = allocated > _most.Allocated ? (allocated, length) : _most;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"The longest took {_longest.TotalMilliseconds:0.0} ms of {time.TotalMilliseconds}; the most that was allocated is {_most.Allocated} bytes for {_most.Length} of input.");
}
