using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>Builds the kept factors and writes the outputs of one LoRA, all recipes in one pass over its layers.</summary>
internal sealed class LoraWriter(INumericEngine engine, BaseCheckpoint? checkpoint, int workers, CancellationToken cancellation)
{
    /// <summary>Writes the outputs. Each appears under its name when it is whole, and is yielded then.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="outputs">What to write.</param>
    /// <param name="overwrite">Whether existing files may be replaced.</param>
    /// <param name="layerDone">Called on the caller's thread, with the number of layers done and in all.</param>
    public IEnumerable<OutputFile> Write(AdapterSource source, IReadOnlyList<OutputFile> outputs, bool overwrite, Action<int, int> layerDone)
    {
        var begun = new List<OutputInProgress>();
        try
        {
            foreach (OutputFile output in outputs)
            {
                begun.Add(new OutputInProgress(output));
                begun[^1].CopyVerbatim(source.File, cancellation);
            }

            WriteLayers(source, begun, layerDone);
            foreach (OutputInProgress output in begun)
            {
                FileIdentity.EnsureIs(source.File, output.File.Plan.Record.SourceSha256!, cancellation);
                source.EnsureSameConfiguration();
                output.Commit(overwrite, cancellation);
                yield return output.Written;
            }
        }
        finally
        {
            foreach (OutputInProgress output in begun)
                output.Dispose();
        }
    }

    /// <summary>For each layer of a planned output, the Frobenius norm of what rounding will add to ΔW; makes its factors, and drops them.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="output">The plan.</param>
    /// <param name="layerDone">Called on the caller's thread, with the number of layers done and in all.</param>
    public double[] MeasureRounding(AdapterSource source, OutputFile output, Action<int, int> layerDone)
    {
        double[] errors = new double[output.Layers.Count];
        foreach ((int index, double error) in OrderedParallel.Select(output.Layers.Index(), workers, cancellation, item => LayerWork.Run(source.Path, item.Item.Name, () => (item.Index, Measure(item.Index, item.Item)))))
        {
            errors[index] = error;
            layerDone(index + 1, errors.Length);
        }

        return errors;

        double Measure(int index, DecomposedLayer layer)
        {
            if (output.Plan.Request(index) is not { } request)
                return 0;

            using LayerContent content = LayerReader.ReadUnchanged(source.File, layer);
            using TruncatedFactors factors = Truncate(source.Path, layer, content, [request])[0];
            return factors.RoundingError;
        }
    }

    private void WriteLayers(AdapterSource source, List<OutputInProgress> outputs, Action<int, int> layerDone)
    {
        // In the order of the file, so that hashing can follow close behind.
        List<DecomposedLayer> layers = [.. outputs
            .SelectMany(output => output.Layers)
            .DistinctBy(layer => layer.Name)
            .OrderBy(layer => outputs.Min(output => output.BeginOf(layer)))];
        List<long?[]> complete = [.. outputs.Select(output => CompleteAfter(layers, output))];
        int done = 0;
        foreach (DecomposedLayer _ in OrderedParallel.Select(layers, workers, cancellation, layer => LayerWork.Run(source.Path, layer.Name, () => WriteLayer(layer))))
        {
            for (int i = 0; i < outputs.Count; i++)
                outputs[i].Complete(complete[i][done], cancellation);
            layerDone(++done, layers.Count);
        }

        DecomposedLayer WriteLayer(DecomposedLayer layer)
        {
            List<(OutputInProgress Output, TruncationRequest Request)> wanted = [];
            foreach (OutputInProgress output in outputs)
            {
                if (output.Request(layer) is { } request)
                    wanted.Add((output, request));
                else
                    output.WriteZeros(layer);
            }

            using LayerContent content = LayerReader.ReadUnchanged(source.File, layer);
            IReadOnlyList<TruncatedFactors> factors = wanted.Count == 0 ? [] : Truncate(source.Path, layer, content, [.. wanted.Select(pair => pair.Request)]);
            try
            {
                for (int i = 0; i < wanted.Count; i++)
                    wanted[i].Output.Write(layer.Source.Layer, factors[i]);
                if (layer.Source.Layer.Magnitude is not null)
                    WriteMagnitudes(source.Path, layer, content, [.. wanted.Select((pair, i) => (pair.Output, ChangeOf(layer, pair.Request, factors[i])))]);
            }
            finally
            {
                foreach (TruncatedFactors written in factors)
                    written.Dispose();
            }

            return layer;
        }
    }

    private void WriteMagnitudes(string path, DecomposedLayer layer, LayerContent content, List<(OutputInProgress Output, LayerFactors Change)> written)
    {
        IReadOnlyList<double[]> magnitudes = new DoraMagnitudes(engine, checkpoint!).Of(layer, content, [.. written.Select(pair => pair.Change)]);
        try
        {
            for (int i = 0; i < written.Count; i++)
                written[i].Output.WriteMagnitudes(layer.Source.Layer, magnitudes[i]);
        }
        catch (OverflowException exception)
        {
            throw LayerErrors.Overflow(path, layer.Name, exception);
        }
    }

    /// <summary>What a loader will make of the new factors.</summary>
    private static LayerFactors ChangeOf(DecomposedLayer layer, TruncationRequest request, TruncatedFactors factors)
    {
        AdapterLayer written = layer.Source.Layer;
        return new LayerFactors(
            new StoredMatrix(written.Written.Up, factors.Up.Memory, request.DType, written.Rows, request.Kept.Count),
            new StoredMatrix(written.Written.Down, factors.Down.Memory, request.DType, request.Kept.Count, written.Columns),
            factors.Alpha / request.Rank);
    }

    /// <summary>For each layer the offset up to which an output is complete once all layers up to it are done; null for its end.</summary>
    private static long?[] CompleteAfter(List<DecomposedLayer> layers, OutputInProgress output)
    {
        long?[] complete = new long?[layers.Count];
        for (int i = layers.Count - 1; i > 0; i--)
            complete[i - 1] = output.BeginOf(layers[i]) is { } begin ? Math.Min(begin, complete[i] ?? begin) : complete[i];
        return complete;
    }

    private IReadOnlyList<TruncatedFactors> Truncate(string path, DecomposedLayer layer, LayerContent content, TruncationRequest[] requests)
    {
        try
        {
            return content.Change.Truncate(engine, layer.Basis, requests);
        }
        catch (OverflowException exception)
        {
            throw LayerErrors.Overflow(path, layer.Name, exception);
        }
    }
}
