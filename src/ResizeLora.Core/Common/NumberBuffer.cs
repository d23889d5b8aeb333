using System.Runtime.InteropServices;

namespace ResizeLora.Common;

/// <summary>
/// Many numbers outside the garbage collector's heap, which would keep hundreds of megabytes of them for a while after
/// the last use, and again for the next file.
/// </summary>
internal sealed unsafe class NumberBuffer : IDisposable
{
    private readonly int _length;
    private double* _numbers;

    public NumberBuffer(int length)
    {
        _length = length;
        _numbers = (double*)NativeMemory.Alloc((nuint)length, sizeof(double));
    }

    /// <summary>For a run that was abandoned.</summary>
    ~NumberBuffer() => Free();

    /// <summary>The numbers; not to be used after <see cref="Dispose"/>.</summary>
    public Span<double> Span => _numbers is not null ? new Span<double>(_numbers, _length) : throw new ObjectDisposedException(nameof(NumberBuffer));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_numbers is null)
            return;

        NativeMemory.Free(_numbers);
        _numbers = null;
    }
}
