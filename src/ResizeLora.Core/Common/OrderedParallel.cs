using System.Threading.Tasks.Dataflow;

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
        var block = new TransformBlock<TItem, Task<TResult>>(Run, new() { MaxDegreeOfParallelism = workers });
        int underWay = 0;
        try
        {
            foreach (TItem item in items)
            {
                if (underWay >= workers * Ahead)
                    yield return Next();

                block.Post(item);
                underWay++;
            }

            while (underWay > 0)
                yield return Next();
        }
        finally
        {
            // Workers read files that the caller closes next. What still waits is run, and so finds itself stopped.
            stop.Cancel();
            block.Complete();
            for (; underWay > 0; underWay--)
                _ = block.Receive(CancellationToken.None).Exception;
            block.Completion.Wait(CancellationToken.None);
        }

        // Results that are there already are not wanted any more either.
        TResult Next()
        {
            cancellation.ThrowIfCancellationRequested();
            underWay--;
            return block.Receive(CancellationToken.None).GetAwaiter().GetResult();
        }

        // As a separate task: a block that fails loses the results before the failure.
        Task<TResult> Run(TItem item)
        {
            var task = new Task<TResult>(() =>
            {
                stop.Token.ThrowIfCancellationRequested();
                return work(item);
            });
            task.RunSynchronously(TaskScheduler.Default);
            return task;
        }
    }
}
