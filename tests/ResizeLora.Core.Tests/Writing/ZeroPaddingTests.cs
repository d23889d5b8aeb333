using ResizeLora.Common;
using ResizeLora.Output;

namespace ResizeLora.Core.Tests.Writing;

public class ZeroPaddingTests
{
    [Fact]
    public void Each_row_goes_on_with_zeros()
    {
        using PooledBytes wide = ZeroPadding.WidenRows([1, 2, 3, 4, 5, 6], rows: 3, length: 12);
        Assert.Equal([1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0], wide.Span.ToArray());
    }

    [Fact]
    public void One_row_is_a_matrix_with_rows_of_zeros_below_it()
    {
        using PooledBytes wide = ZeroPadding.WidenRows([1, 2, 3], rows: 1, length: 6);
        Assert.Equal([1, 2, 3, 0, 0, 0], wide.Span.ToArray());
    }

    [Fact]
    public void Memory_that_was_used_before_leaves_no_trace()
    {
        using (var used = new PooledBytes(64))
            used.Span.Fill(0xFF);

        using PooledBytes zeros = ZeroPadding.WidenRows([], rows: 4, length: 64);
        Assert.All(zeros.Span.ToArray(), value => Assert.Equal(0, value));
    }
}
