using ResizeLora.Adapters;
using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>An output that is being written: its temporary file, and its hashes as far as it is complete.</summary>
internal sealed class OutputInProgress : IDisposable
{
    private const int CopyBlock = 1 << 20;

    private readonly FolderInProgress? _folder;
    private readonly SafetensorsWriter _writer;
    private readonly ModelHasher _hasher;
    private readonly Dictionary<string, TensorInfo> _tensors;
    private readonly Dictionary<string, int> _indices;
    private readonly double[] _roundingErrors;

    public OutputInProgress(OutputFile output)
    {
        File = output;
        _roundingErrors = new double[output.Layers.Count];
        _tensors = Plan.Layout.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _indices = Enumerable.Range(0, output.Layers.Count)
            .Where(index => Plan.Kept.Ranks[index] > 0)
            .ToDictionary(index => output.Layers[index].Name, StringComparer.Ordinal);
        _folder = output.IsFolder ? FolderInProgress.Create(output.Path) : null;
        try
        {
            _writer = SafetensorsWriter.Create(_folder?.Weights ?? output.Path, Plan.HeaderLength, Plan.Layout.DataLength, output.Path);
        }
        catch
        {
            _folder?.Dispose();
            throw;
        }

        _hasher = new ModelHasher(_writer, Plan.Layout, Plan.Metadata);
    }

    public OutputFile File { get; }

    /// <summary>The output with what is known of it once all layers are written.</summary>
    public OutputFile Written => File with { RoundingErrors = _roundingErrors };

    private OutputPlan Plan => File.Plan;

    /// <summary>The layers that the file has.</summary>
    public IEnumerable<DecomposedLayer> Layers => _indices.Values.Select(index => File.Layers[index]);

    /// <summary>Where a layer's first tensor begins; null where the file does not have the layer.</summary>
    public long? BeginOf(DecomposedLayer layer) =>
        _indices.ContainsKey(layer.Name)
            ? TensorsOf(layer.Source.Layer).Min(tensor => tensor.Begin)
            : null;

    /// <summary>What to keep of a layer; null for nothing.</summary>
    public TruncationRequest? Request(DecomposedLayer layer) => _indices.TryGetValue(layer.Name, out int index) ? Plan.Request(index) : null;

    /// <summary>Writes the factors of a layer; from any thread.</summary>
    public void Write(AdapterLayer layer, TruncatedFactors factors)
    {
        Write(layer, factors.Up.Span, factors.Down.Span, factors.Alpha);
        _roundingErrors[_indices[layer.Name]] = factors.RoundingError;
    }

    /// <summary>Writes zeros for a layer that keeps nothing; from any thread.</summary>
    public void WriteZeros(DecomposedLayer layer)
    {
        if (_indices.TryGetValue(layer.Name, out int index))
            Write(layer.Source.Layer, [], [], Plan.Kept.Ranks[index]);
    }

    /// <summary>Writes the magnitudes of a DoRA layer; from any thread.</summary>
    /// <exception cref="OverflowException">One is too large for the output's element type.</exception>
    public void WriteMagnitudes(AdapterLayer layer, double[] magnitudes)
    {
        TensorInfo tensor = _tensors[layer.Magnitude!.Tensor.Name];
        using var bytes = new PooledBytes((int)tensor.ByteCount);
        tensor.DType.Format().Narrow(magnitudes, bytes.Span);
        if (!magnitudes.All(magnitude => double.IsFinite(tensor.DType.Format().Round(magnitude))))
            throw new OverflowException($"Magnitudes are outside the range of {tensor.DType}.");

        _writer.Write(tensor, bytes.Span);
    }

    private void Write(AdapterLayer layer, ReadOnlySpan<byte> up, ReadOnlySpan<byte> down, double alpha)
    {
        Write(_tensors[layer.Written.Up], up, (int)layer.Rows);
        Write(_tensors[layer.Written.Down], down, rows: 1);
        if (AlphaOf(layer) is not { } alphaTensor)
            return;

        Span<byte> bytes = stackalloc byte[(int)alphaTensor.ByteCount];
        alphaTensor.DType.Format().Write(alpha, bytes);
        _writer.Write(alphaTensor, bytes);
    }

    private void Write(TensorInfo tensor, ReadOnlySpan<byte> factor, int rows)
    {
        if (factor.Length == tensor.ByteCount)
        {
            _writer.Write(tensor, factor);
            return;
        }

        using PooledBytes padded = ZeroPadding.WidenRows(factor, rows, checked((int)tensor.ByteCount));
        _writer.Write(tensor, padded.Span);
    }

    /// <summary>Copies the tensors that stay as they are.</summary>
    public void CopyVerbatim(SafetensorsFile source, CancellationToken cancellation)
    {
        foreach (TensorInfo tensor in Plan.Verbatim)
        {
            for (long offset = 0; offset < tensor.ByteCount; offset += CopyBlock)
            {
                cancellation.ThrowIfCancellationRequested();
                using PooledBytes block = source.Rent(tensor, offset, Math.Min(CopyBlock, tensor.ByteCount - offset));
                _writer.Write(_tensors[tensor.Name], offset, block.Span);
            }
        }
    }

    /// <summary>Says that the tensors before an offset are written; all of them if it is null.</summary>
    public void Complete(long? end, CancellationToken cancellation) => _hasher.AdvanceTo(end ?? Plan.Layout.DataLength, cancellation);

    /// <summary>Makes the output appear under its name.</summary>
    public void Commit(bool overwrite, CancellationToken cancellation)
    {
        Complete(end: null, cancellation);

        // Another program may have taken the name since it was first looked at.
        if (overwrite)
            ReplaceableOutput.Ensure(File.Path, File.IsFolder);
        _writer.Commit(Plan.Layout.Header(OutputMetadata.WithHashes(Plan.Metadata, _hasher.Finish())), overwrite && _folder is null);
        _folder?.Commit(Plan.Configuration!, overwrite);
    }

    private IEnumerable<TensorInfo> TensorsOf(AdapterLayer layer) =>
        new[] { layer.Written.Up, layer.Written.Down, AlphaOf(layer)?.Name, layer.Magnitude?.Tensor.Name }.OfType<string>().Select(name => _tensors[name]);

    /// <summary>The alpha that is written for a layer; null if there is none.</summary>
    private TensorInfo? AlphaOf(AdapterLayer layer) => layer.AlphaName is { } name ? _tensors.GetValueOrDefault(name) : null;

    public void Dispose()
    {
        _hasher.Dispose();
        _writer.Dispose();
        _folder?.Dispose();
    }
}
