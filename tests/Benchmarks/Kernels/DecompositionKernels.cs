using BenchmarkDotNet.Attributes;
using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Kernels;

/// <summary>The decomposition of a LoRA layer of SDXL's most frequent shape.</summary>
public class DecompositionKernels
{
    private const int Size = 1280;

    private LayerFactors _layer = null!;

    [Params(32, 128)]
    public int Rank { get; set; }

    [GlobalSetup(Target = nameof(Baseline))]
    public void SetUpBaseline() => SetUp(Environment.ProcessorCount);

    [GlobalSetup(Target = nameof(ResizeLora))]
    public void SetUpResizeLora() => SetUp(threads: 1);

    [Benchmark(Baseline = true)]
    public float Baseline()
    {
        using DisposeScope scope = NewDisposeScope();
        return BaselineDecomposition.Of(KernelMatrix.Read(_layer.Up), KernelMatrix.Read(_layer.Down), _layer.Scale).Sigma[0].item<float>();
    }

    [Benchmark]
    public double ResizeLora() => KernelEngine.Current.Decompose(_layer).SingularValues[0];

    private void SetUp(int threads)
    {
        set_num_threads(threads);
        _layer = new LayerFactors(KernelMatrix.Gaussian(Size, Rank), KernelMatrix.Gaussian(Rank, Size), 1);
    }
}
