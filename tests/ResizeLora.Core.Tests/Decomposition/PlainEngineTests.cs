using ResizeLora.Engine;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Decomposition;

/// <summary>The engine of these tests keeps to the contract, so that what it stands for is what libtorch does.</summary>
public sealed class PlainEngineTests : NumericEngineContract
{
    private protected override INumericEngine Engine { get; } = new PlainEngine();
}
