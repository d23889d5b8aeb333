namespace ResizeLora.Torch.Tests.Natives;

public class BackgroundMakerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Each_thing_is_made_once_for_all_who_want_it()
    {
        int made = 0;
        var maker = new BackgroundMaker<string>(name => $"{name} {Interlocked.Increment(ref made)}");
        string[] things = new string[16];
        Parallel.For(0, things.Length, i => things[i] = maker.Get(i % 2 == 0 ? "cpu" : "CPU", CancellationToken.None));
        Assert.All(things, thing => Assert.Equal(things[0], thing));
        Assert.Equal(1, made);
        Assert.Equal("cuda 2", maker.Get("cuda", CancellationToken.None));
    }

    [Fact]
    public void Who_does_not_want_to_wait_goes_and_the_next_finds_it_made()
    {
        using var begun = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        int made = 0;
        var maker = new BackgroundMaker<int>(_ =>
        {
            begun.Set();
            Assert.True(end.Wait(Patience));
            return ++made;
        });

        Task<int> waiting = Task.Run(() => maker.Get("cpu", stop.Token));
        Assert.True(begun.Wait(Patience));
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => waiting.GetAwaiter().GetResult());
        end.Set();
        Assert.Equal(1, maker.Get("cpu", CancellationToken.None));
    }

    [Fact]
    public void A_failure_is_told_and_not_remembered()
    {
        int tries = 0;
        var maker = new BackgroundMaker<int>(_ => ++tries == 1 ? throw new InvalidOperationException("broken") : tries);
        Assert.Equal("broken", Assert.Throws<InvalidOperationException>(() => maker.Get("cpu", CancellationToken.None)).Message);
        Assert.Equal(2, maker.Get("cpu", CancellationToken.None));
    }
}
