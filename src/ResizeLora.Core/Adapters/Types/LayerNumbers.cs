using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Adapters.Types;

/// <summary>The contents of a layer's tensors, and what was computed from them; in memory that is reused after <see cref="Dispose"/>.</summary>
/// <param name="tensors">The tensors.</param>
/// <param name="contents">Their bytes, which this takes over.</param>
internal sealed class LayerNumbers(AdapterTensors tensors, IReadOnlyDictionary<TensorRole, PooledBytes> contents) : IDisposable
{
    private readonly List<NumberTable> _computed = [];

    public bool Has(TensorRole role) => contents.ContainsKey(role);

    /// <summary>A tensor as it is stored, flattened to a matrix.</summary>
    public StoredMatrix Stored(TensorRole role)
    {
        TensorInfo tensor = tensors[role];
        return new StoredMatrix(tensor.Name, contents[role].Memory, tensor.DType, tensor.Shape[0], tensor.ElementCount / tensor.Shape[0]);
    }

    /// <summary>A tensor as numbers, flattened to a matrix.</summary>
    /// <exception cref="NonFiniteException">It contains NaN or infinity.</exception>
    public NumberTable Read(TensorRole role) => Keep(NumberTable.Of(Stored(role)));

    /// <summary>A tensor of one number.</summary>
    public double ReadScalar(TensorRole role) => tensors[role].DType.Format().Read(contents[role].Span);

    /// <summary>Takes over a computed table, for as long as this lives.</summary>
    public NumberTable Keep(NumberTable table)
    {
        _computed.Add(table);
        return table;
    }

    /// <summary>A computed table as a matrix of this layer.</summary>
    public StoredMatrix Store(NumberTable table) => Keep(table).Store(tensors.All.First().Name);

    public void Dispose()
    {
        foreach (PooledBytes bytes in contents.Values)
            bytes.Dispose();
        foreach (NumberTable table in _computed)
            table.Dispose();
    }
}
