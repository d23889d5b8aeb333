using System.Runtime.InteropServices;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>Reads the weight of a base layer, wherever its rows are, into one piece of memory.</summary>
internal static class WeightReader
{
    /// <summary>Does something with the weight, which is in memory only meanwhile.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, or the numbers can't be computed with.</exception>
    public static T Read<T>(IReadOnlyList<TensorFile> files, BaseLayer layer, Func<StoredMatrix, T> use)
    {
        // As it is stored wherever that will do; else as single precision, which can represent every dequantised weight.
        SafetensorsDType? stored = layer.Pieces[0].Weight.Plain;
        bool asStored = stored is not null && layer.Pieces.All(piece => piece.Weight.Plain == stored);
        SafetensorsDType dtype = asStored ? stored!.Value : SafetensorsDType.F32;
        long rowBytes = layer.Columns * dtype.Format().Size;
        if (layer.Rows * rowBytes > Array.MaxLength)
            throw SafetensorsErrors.TensorTooLarge(files[layer.Pieces[0].Weight.Tensor.File].Path, layer.Pieces[0].Weight.Info);

        using var bytes = new PooledBytes((int)(layer.Rows * rowBytes));
        long row = 0;
        foreach (WeightRows piece in layer.Pieces)
        {
            Span<byte> place = bytes.Span.Slice((int)(row * rowBytes), (int)(piece.Count * rowBytes));
            if (asStored)
                ReadRows(files[piece.Weight.Tensor.File], piece, place);
            else
                piece.Weight.Read(files, piece.First * piece.Columns, MemoryMarshal.Cast<byte, float>(place));
            row += piece.Count;
        }

        return use(new StoredMatrix(layer.Name, bytes.Memory, dtype, layer.Rows, layer.Columns) { Transposed = layer.Transposed });
    }

    private static void ReadRows(TensorFile file, WeightRows piece, Span<byte> place)
    {
        long rowBytes = piece.Weight.Info.ByteCount / piece.Weight.Info.Shape[0];
        file.Read(file.Header.DataStart + piece.Weight.Info.Begin + piece.First * rowBytes, place);
    }
}
