using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>Headers of files that need no bytes.</summary>
internal sealed class HeaderBuilder
{
    private readonly List<TensorInfo> _tensors = [];
    private long _position;

    public static SafetensorsHeader Of(params (string Name, long[] Shape)[] tensors)
    {
        var builder = new HeaderBuilder();
        foreach ((string name, long[] shape) in tensors)
            builder.Add(name, shape);

        return builder.Build();
    }

    public HeaderBuilder Add(string name, long[] shape, SafetensorsDType dtype = SafetensorsDType.F16)
    {
        long bytes = shape.Aggregate(dtype.Format().Bits / 8L, (product, size) => product * size);
        _tensors.Add(new TensorInfo(name, dtype, shape, _position, _position + bytes));
        _position += bytes;
        return this;
    }

    public SafetensorsHeader Build() => new(_tensors, [], hasMetadata: false, dataStart: 8);
}
