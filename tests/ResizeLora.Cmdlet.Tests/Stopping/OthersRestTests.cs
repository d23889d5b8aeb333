using ResizeLora.Testing;

namespace ResizeLora.Cmdlet.Tests.Stopping;

/// <summary>What shows that no work was forgotten shows it where some was.</summary>
public class OthersRestTests
{
    [Fact]
    public void A_thread_that_works_is_seen_and_one_that_waits_is_not()
    {
        using var stop = new ManualResetEventSlim();
        var waiting = new Thread(stop.Wait);
        var working = new Thread(() =>
        {
            while (!stop.IsSet)
                Thread.SpinWait(1000);
        });
        waiting.Start();
        try
        {
            Assert.Contains(Enumerable.Range(0, 12), _ => ProcessorTime.OthersRest(TimeSpan.FromMilliseconds(200)));
            working.Start();
            Assert.DoesNotContain(Enumerable.Range(0, 3), _ => ProcessorTime.OthersRest(TimeSpan.FromMilliseconds(200)));
        }
        finally
        {
            stop.Set();
        }

        waiting.Join();
        working.Join();
    }
}
