using System.Collections.Concurrent;

namespace ResizeLora.Common;

/// <summary>Work on many items at once, with the results in the order of the items.</summary>
internal static class OrderedParallel
{
    /// <summary>Items that may be under way per worker: while one of them takes long, the others go on.</summary>
    internal const int Ahead = 8;

    /// <summary>
    /// Runs <paramref name="work"/> on a few threads and hands its results to the caller's thread, one by one, in
    /// order. The number of items that are under way is limited, so memory does not grow with their number.
    /// </summary>
    /// <exception cref="OperationCanceledException">The work was cancelled; no worker is left running.</exception>
    public static IEnumerable<TResult> Select<TItem, TResult>(
        IEnumerable<TItem> items,
        int workers,
        CancellationToken cancellation,
        Func<TItem, TResult> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var waiting = new BlockingCollection<Task<TResult>>();
        var underWay = new Queue<Task<TResult>>();

        // The pool's threads, as they stay: new ones for each file would each leave buffers and heaps behind.
        Task[] running = [.. Enumerable.Range(0, workers).Select(_ => Task.Run(Work, CancellationToken.None))];
        try
        {
            foreach (TItem item in items)
            {
                if (underWay.Count >= workers * Ahead)
                    yield return Next();

                var task = new Task<TResult>(() => Run(item));
                underWay.Enqueue(task);
                waiting.Add(task, CancellationToken.None);
            }

            while (underWay.Count > 0)
                yield return Next();
        }
        finally
        {
            // Workers read files that the caller closes next. What still waits is run, and so finds itself stopped.
            stop.Cancel();
            waiting.CompleteAdding();
            Task.WaitAll(running, CancellationToken.None);
            foreach (Task<TResult> task in underWay)
                _ = task.Exception;
        }

        // Results that are there already are not wanted any more either.
        TResult Next()
        {
            cancellation.ThrowIfCancellationRequested();
            return underWay.Dequeue().GetAwaiter().GetResult();
        }

        TResult Run(TItem item)
        {
            stop.Token.ThrowIfCancellationRequested();
            return work(item);
        }

        void Work()
        {
            foreach (Task<TResult> task in waiting.GetConsumingEnumerable())
                task.RunSynchronously(TaskScheduler.Default);
        }
    }
}
