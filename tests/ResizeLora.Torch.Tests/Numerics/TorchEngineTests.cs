using ResizeLora.Engine;
using ResizeLora.Testing;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Numerics;

/// <summary>The engine on libtorch keeps to the contract.</summary>
public sealed class TorchEngineTests : NumericEngineContract
{
    private protected override INumericEngine Engine => TestEngine.Torch;
}
