using BenchmarkDotNet.Attributes;
using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Kernels;

/// <summary>The norms of a base layer of SDXL's most frequent shape.</summary>
public class NormKernels
{
    private const int Size = 1280;

    private StoredMatrix _weight = null!;

    [Params(false, true)]
    public bool IsGaussian { get; set; }

    [GlobalSetup(Target = nameof(Baseline))]
    public void SetUpBaseline() => SetUp(Environment.ProcessorCount);

    [GlobalSetup(Target = nameof(ResizeLora))]
    public void SetUpResizeLora() => SetUp(threads: 1);

    [Benchmark(Baseline = true)]
    public double Baseline()
    {
        using DisposeScope scope = NewDisposeScope();
        return BaselineNorms.Of(KernelMatrix.Read(_weight)).Spectral;
    }

    [Benchmark]
    public double ResizeLora() => KernelEngine.Current.Norms(_weight, CancellationToken.None).Spectral;

    private void SetUp(int threads)
    {
        set_num_threads(threads);
        _weight = IsGaussian ? KernelMatrix.Gaussian(Size, Size) : KernelMatrix.Trained(Size, Size);
    }
}
