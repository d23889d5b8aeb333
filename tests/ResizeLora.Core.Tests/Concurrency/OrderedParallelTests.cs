using ResizeLora.Common;

namespace ResizeLora.Core.Tests.Concurrency;

public class OrderedParallelTests
{
    [Fact]
    public void Results_come_in_the_order_of_the_items_whatever_finishes_first()
    {
        // Item 0 can't finish before item 1 has.
        using var second = new ManualResetEventSlim();
        int[] results = [.. OrderedParallel.Select(Enumerable.Range(0, 50), 2, CancellationToken.None, item =>
        {
            if (item == 0)
                second.Wait();
            if (item == 1)
                second.Set();
            return item * 10;
        })];
        Assert.Equal(Enumerable.Range(0, 50).Select(item => item * 10), results);
    }

    [Fact]
    public void Never_more_work_at_once_than_there_are_workers()
    {
        int now = 0;
        int most = 0;
        int done = OrderedParallel.Select(Enumerable.Range(0, 200), 3, CancellationToken.None, item =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            Thread.SpinWait(2000);
            Interlocked.Decrement(ref now);
            return item;
        }).Count();
        Assert.Equal(200, done);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public void Items_are_fetched_as_they_are_needed()
    {
        int fetched = 0;
        foreach (int _ in OrderedParallel.Select(Items(), 2, CancellationToken.None, item => item))
        {
            Assert.InRange(fetched, 1, (2 * OrderedParallel.Ahead) + 1);
            break;
        }

        IEnumerable<int> Items()
        {
            while (true)
                yield return ++fetched;
        }
    }

    [Fact]
    public void The_first_failing_item_s_own_exception_comes_after_the_results_before_it()
    {
        var results = new List<int>();
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (int result in OrderedParallel.Select(Enumerable.Range(0, 20), 2, CancellationToken.None, item => item == 5 ? throw new InvalidOperationException("five") : item))
                results.Add(result);
        });
        Assert.Equal("five", exception.Message);
        Assert.Equal([0, 1, 2, 3, 4], results);
    }

    [Fact]
    public void Whoever_stops_early_leaves_no_worker_running()
    {
        int running = 0;
        foreach (int _ in OrderedParallel.Select(Enumerable.Range(0, 100), 4, CancellationToken.None, Work))
            break;

        Assert.Equal(0, Volatile.Read(ref running));

        int Work(int item)
        {
            Interlocked.Increment(ref running);
            Thread.SpinWait(20_000);
            Interlocked.Decrement(ref running);
            return item;
        }
    }

    [Fact]
    public void Cancelling_stops_the_work()
    {
        using var cancellation = new CancellationTokenSource();
        int begun = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (int result in OrderedParallel.Select(Enumerable.Range(0, 1000), 2, cancellation.Token, item => Interlocked.Increment(ref begun)))
                cancellation.Cancel();
        });
        Assert.InRange(begun, 1, (2 * OrderedParallel.Ahead) + 2);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen)
        {
            int before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
