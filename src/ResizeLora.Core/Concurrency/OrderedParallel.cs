namespace ResizeLora.Concurrency;

/// <summary>Work on many items at once, with the results in the order of the items.</summary>
internal static class OrderedParallel
{
    /// <summary>Results that may wait for an earlier one, per worker: while one item takes long, the others go on.</summary>
    private const int Ahead = 16;

    /// <summary>
    /// Runs <paramref name="work"/> on a few threads and hands its results to the caller's thread, one by one, in order.
    /// The number of items that are under way is limited, so memory does not grow with their number.
    /// </summary>
    /// <exception cref="OperationCanceledException">The work was cancelled; no worker is left running.</exception>
    public static IEnumerable<TResult> Select<TItem, TResult>(
        IEnumerable<TItem> items,
        int workers,
        CancellationToken cancellation,
        Func<TItem, TResult> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var room = new SemaphoreSlim(workers);
        var underWay = new Queue<Task<TResult>>();
        try
        {
            foreach (TItem item in items)
            {
                if (underWay.Count >= workers * Ahead)
                    yield return underWay.Dequeue().GetAwaiter().GetResult();

                underWay.Enqueue(Task.Run(() => Run(item), stop.Token));
            }

            while (underWay.TryDequeue(out Task<TResult>? task))
                yield return task.GetAwaiter().GetResult();
        }
        finally
        {
            // Workers read files that the caller closes next.
            stop.Cancel();
            Task.WhenAll(underWay).ContinueWith(_ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        }

        TResult Run(TItem item)
        {
            room.Wait(stop.Token);
            try
            {
                stop.Token.ThrowIfCancellationRequested();
                return work(item);
            }
            finally
            {
                room.Release();
            }
        }
    }
}
