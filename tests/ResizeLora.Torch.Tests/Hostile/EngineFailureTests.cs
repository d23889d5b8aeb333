using System.Runtime.InteropServices;
using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Testing;
using ResizeLora.Testing.Hostile;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Hostile;

/// <summary>libtorch fails, or memory is short: an error names the layer and the file, nothing half is left, and the next file is worked on.</summary>
public sealed class EngineFailureTests : IDisposable
{
    private const string Victim = "lora_te1_text_model_encoder_layers_1_mlp_fc1";
    private const string Other = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    private const string Clip = "conditioner.embedders.0.transformer.text_model.encoder.layers.";
    private const string VictimBase = Clip + "1.mlp.fc1.weight";

    private readonly TemporaryFolder _folder = new();
    private readonly JobRecorder _host = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Methods => new()
    {
        { nameof(INumericEngine.Decompose), Victim },
        { nameof(INumericEngine.Truncate), Victim },
        { nameof(INumericEngine.SubspaceNorms), Victim },
        { nameof(INumericEngine.Norms), VictimBase },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void Memory_that_libtorch_does_not_get(string method, string tensor) =>
        AssertTold(method, tensor, AskForTooMuch, "OutOfMemory", FaultKind.OutOfMemory, "allocate memory");

    [Theory]
    [MemberData(nameof(Methods))]
    public void Memory_that_NET_does_not_get(string method, string tensor) =>
        AssertTold(method, tensor, AskDotNetForTooMuch, "OutOfMemory", FaultKind.OutOfMemory, string.Empty);

    [Theory]
    [MemberData(nameof(Methods))]
    public void An_operation_that_libtorch_refuses(string method, string tensor) =>
        AssertTold(method, tensor, AskForTheImpossible, "ComputationFailed", FaultKind.ComputationFailed, "cannot be multiplied");

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_fault_of_this_program_is_not_hidden(string method, string tensor) =>
        Assert.Throws<InvalidOperationException>(() => Run(new FailingEngine(method, tensor, static () => throw new InvalidOperationException())));

    [Fact]
    public void Norms_that_failed_once_are_computed_for_the_next_file()
    {
        int calls = 0;
        Run(new FailingEngine(nameof(INumericEngine.Norms), VictimBase, () =>
        {
            if (calls++ == 0)
                AskDotNetForTooMuch();
        }));
        Assert.Equal(2, calls);
        Assert.Single(_host.Errors);
        Assert.Single(Outputs());
    }

    private static void AskDotNetForTooMuch() => GC.KeepAlive(new byte[int.MaxValue]);

    /// <summary>Real calls of libtorch: matrices whose sizes are not what their bytes are.</summary>
    private static void AskForTooMuch() => Fail(1L << 40, 1L << 8);

    private static void AskForTheImpossible() => Fail(3, 5);

    private static void Fail(long rows, long columns)
    {
        byte[] bytes = new byte[rows * columns is 15 ? 60 : 4];
        ExternalException failure = Assert.ThrowsAny<ExternalException>(() => TestEngine.Torch.SubspaceNorms(TestEngine.Random(4, 2, 4, 1), null, new StoredMatrix("w", bytes, SafetensorsDType.F32, rows, columns)));
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private void AssertTold(string method, string tensor, Action failure, string id, FaultKind kind, string reason)
    {
        Run(new FailingEngine(method, tensor, failure));
        Assert.Equal(2, _host.Errors.Count);
        foreach (ResizeLoraException error in _host.Errors)
        {
            Assert.Equal((id, kind, Victim), (error.ErrorId, error.Kind, error.Target));
            Assert.Contains($"'{Victim}'", error.Message, StringComparison.Ordinal);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Message.AssertReadable(error.Message.Replace(_folder.Path, string.Empty, StringComparison.Ordinal));
        }

        Assert.Contains($"'{_folder["first.safetensors"]}'", _host.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains($"'{_folder["second.safetensors"]}'", _host.Errors[1].Message, StringComparison.Ordinal);
        Assert.Empty(Outputs());

        // What the engine is short of now it need not be short of later.
        _host.Errors.Clear();
        Run(TestEngine.Torch);
        Assert.Empty(_host.Errors);
        Assert.Equal(2, Outputs().Length);
    }

    /// <summary>Everything in the folder beside the inputs.</summary>
    private string[] Outputs() => [.. Directory
        .EnumerateFiles(_folder.Path, "*", new EnumerationOptions { AttributesToSkip = 0 })
        .Where(path => Path.GetFileName(path) is not ("first.safetensors" or "second.safetensors" or "base.safetensors"))];

    /// <summary>Two files of one call.</summary>
    private void Run(INumericEngine engine)
    {
        var random = new Random(1);
        new SampleFile().Add($"{Clip}0.mlp.fc1.weight", Matrix.Gaussian(12, 9, random)).Add(VictimBase, Matrix.Gaussian(12, 9, random)).Write(_folder["base.safetensors"]);
        var options = new ResizeOptions { Workers = 2 };
        using BaseCheckpoint checkpoint = BaseCheckpoint.Open(_folder["base.safetensors"], cacheFolder: null, new JobRecorder(), CancellationToken.None);
        foreach (string name in new[] { "first.safetensors", "second.safetensors" })
        {
            string path = new SampleFile().AddLora(Other, 12, 9, 4, random).AddLora(Victim, 12, 9, 4, random).Write(_folder[name]);
            var pipeline = new ResizePipeline(new(engine), new BaseNorms(checkpoint, cache: null), options, new OutputGuard(options), new OutputReview(_host), _host, CancellationToken.None);
            try
            {
                _ = pipeline.Resize(path, [ResizeRecipe.Parse("spn_ckpt=0.5,subspace=0.5,thr=-60")]).Count();
            }
            catch (ResizeLoraException exception)
            {
                _host.Errors.Add(exception);
            }
        }
    }
}
