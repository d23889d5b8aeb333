using ResizeLora.Concurrency;
using ResizeLora.Decomposition;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Writing;

/// <summary>Builds the kept factors and writes the outputs of one LoRA, all recipes in one pass over its layers.</summary>
internal sealed class LoraWriter(INumericEngine engine, int workers, CancellationToken cancellation)
{
    private const int CopyBlock = 1 << 20;

    /// <summary>Writes the outputs. Each appears under its name when it is whole, and is yielded then.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="outputs">What to write.</param>
    /// <param name="overwrite">Whether existing files may be replaced.</param>
    /// <param name="layerDone">Called on the caller's thread, with the number of layers done and in all.</param>
    public IEnumerable<OutputFile> Write(SafetensorsFile source, IReadOnlyList<OutputFile> outputs, bool overwrite, Action<int, int> layerDone)
    {
        var writers = new List<SafetensorsWriter>();
        try
        {
            foreach (OutputFile output in outputs)
                writers.Add(SafetensorsWriter.Create(output.Path, output.Plan.HeaderLength, output.Plan.Layout.DataLength));

            WriteLayers(source, outputs, writers, layerDone);
            foreach ((OutputFile output, SafetensorsWriter writer) in outputs.Zip(writers))
            {
                CopyVerbatim(source, output.Plan, writer);
                ModelHashes hashes = ModelHashes.Of(writer, output.Plan.Layout, output.Plan.Metadata);
                writer.Commit(output.Plan.Layout.Header(OutputMetadata.WithHashes(output.Plan.Metadata, hashes)), overwrite);
                yield return output;
            }
        }
        finally
        {
            foreach (SafetensorsWriter writer in writers)
                writer.Dispose();
        }
    }

    private void WriteLayers(SafetensorsFile source, IReadOnlyList<OutputFile> outputs, List<SafetensorsWriter> writers, Action<int, int> layerDone)
    {
        List<Part> parts = outputs
            .SelectMany((output, number) => output.Layers.Select((layer, index) => new Part(layer, number, index)))
            .Where(part => outputs[part.Output].Plan.Kept.Indices[part.Index].Count > 0)
            .ToList();
        List<List<Part>> layers = [.. parts
            .GroupBy(part => part.Layer.Name, StringComparer.Ordinal)
            .Select(group => group.ToList())];

        var tensors = outputs.Select(output => output.Plan.Layout.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal)).ToList();
        int done = 0;
        foreach (int _ in OrderedParallel.Select(layers, workers, cancellation, WriteLayer))
            layerDone(++done, layers.Count);

        int WriteLayer(List<Part> layerParts)
        {
            DecomposedLayer layer = layerParts[0].Layer;
            LayerContent content = LayerReader.ReadUnchanged(source, layer);
            TruncationRequest[] requests = [.. layerParts.Select(part => Request(outputs[part.Output].Plan, part))];
            IReadOnlyList<TruncatedFactors> factors = Truncate(source.Path, layer, content, requests);
            for (int i = 0; i < layerParts.Count; i++)
            {
                int output = layerParts[i].Output;
                WriteFactors(layer.Source.Layer, factors[i], tensors[output], writers[output]);
            }

            return 0;
        }
    }

    private static TruncationRequest Request(OutputPlan plan, Part part) => new(
        plan.Kept.Indices[part.Index],
        plan.Parameters.Recipe.Rescale,
        plan.DTypeOf(part.Layer.Source.Layer),
        part.Layer.Source.Layer.AlphaName is not null);

    private IReadOnlyList<TruncatedFactors> Truncate(string path, DecomposedLayer layer, LayerContent content, TruncationRequest[] requests)
    {
        try
        {
            return engine.Truncate(content.Factors, requests);
        }
        catch (OverflowException exception)
        {
            throw LayerFault.Overflow(path, layer.Name, exception);
        }
    }

    private static void WriteFactors(AdapterLayer layer, TruncatedFactors factors, Dictionary<string, TensorInfo> tensors, SafetensorsWriter writer)
    {
        writer.Write(tensors[layer.Up.Name], factors.Up);
        writer.Write(tensors[layer.Down.Name], factors.Down);
        if (layer.AlphaName is null)
            return;

        TensorInfo alpha = tensors[layer.AlphaName];
        Span<byte> bytes = stackalloc byte[(int)alpha.ByteCount];
        ElementCodec.Write(alpha.DType, factors.Alpha, bytes);
        writer.Write(alpha, bytes);
    }

    private void CopyVerbatim(SafetensorsFile source, OutputPlan plan, SafetensorsWriter writer)
    {
        Dictionary<string, TensorInfo> targets = plan.Layout.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (TensorInfo tensor in plan.Verbatim)
        {
            for (long offset = 0; offset < tensor.ByteCount; offset += CopyBlock)
            {
                cancellation.ThrowIfCancellationRequested();
                byte[] block = source.Read(tensor, offset, Math.Min(CopyBlock, tensor.ByteCount - offset));
                writer.Write(targets[tensor.Name], offset, block);
            }
        }
    }

    private sealed record Part(DecomposedLayer Layer, int Output, int Index);
}
