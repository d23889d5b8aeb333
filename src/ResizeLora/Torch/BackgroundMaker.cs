namespace ResizeLora.Torch;

/// <summary>
/// Makes things that take long and can't be stopped, each once for all callers. A caller may stop waiting:
/// the work finishes by itself, and the next caller finds it done. A failure is not remembered.
/// </summary>
internal sealed class BackgroundMaker<T>(Func<string, T> make)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<T>> _made = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Waits for the thing of a name.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the work continues.</exception>
    public T Get(string name, CancellationToken cancellation)
    {
        Task<T>? made;
        lock (_gate)
        {
            if (!_made.TryGetValue(name, out made) || made.IsFaulted)
                _made[name] = made = Task.Factory.StartNew(() => make(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        return made.WaitAsync(cancellation).GetAwaiter().GetResult();
    }
}
