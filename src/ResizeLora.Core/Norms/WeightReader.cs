using System.Runtime.InteropServices;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Norms;

/// <summary>Reads the weight of a base layer, wherever its rows are, into one piece of memory.</summary>
internal static class WeightReader
{
    /// <summary>Does something with the weight, which is in memory only meanwhile.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, or the numbers can't be computed with.</exception>
    public static T Read<T>(IReadOnlyList<SafetensorsFile> files, BaseLayer layer, Func<StoredMatrix, T> use)
    {
        foreach (WeightRows piece in layer.Pieces)
        {
            if (!piece.Weight.Info.DType.IsConvertible())
                throw SafetensorsFault.UnsupportedDType(files[piece.Weight.File].Path, piece.Weight.Info);
        }

        // As it is stored wherever that will do; else as single precision, which holds 8-bit numbers times their scale.
        SafetensorsDType stored = layer.Pieces[0].Weight.Info.DType;
        bool asStored = layer.Pieces.All(piece => piece.Scale is null && piece.Weight.Info.DType == stored);
        SafetensorsDType dtype = asStored ? stored : SafetensorsDType.F32;
        long rowBytes = layer.Columns * dtype.BitSize() / 8;
        if (layer.Rows * rowBytes > Array.MaxLength)
            throw SafetensorsFault.TensorTooLarge(files[layer.Pieces[0].Weight.File].Path, layer.Pieces[0].Weight.Info);

        using var bytes = new PooledBytes((int)(layer.Rows * rowBytes));
        long row = 0;
        foreach (WeightRows piece in layer.Pieces)
        {
            Span<byte> place = bytes.Span.Slice((int)(row * rowBytes), (int)(piece.Count * rowBytes));
            if (asStored)
                ReadRows(files, piece, place);
            else
                ReadNumbers(files, piece, MemoryMarshal.Cast<byte, float>(place));
            row += piece.Count;
        }

        return use(new StoredMatrix(layer.Name, bytes.Memory, dtype, layer.Rows, layer.Columns) { Transposed = layer.Transposed });
    }

    private static void ReadRows(IReadOnlyList<SafetensorsFile> files, WeightRows piece, Span<byte> place)
    {
        SafetensorsFile file = files[piece.Weight.File];
        long rowBytes = piece.Weight.Info.ByteCount / piece.Weight.Info.Shape[0];
        file.Read(file.Header.DataStart + piece.Weight.Info.Begin + piece.First * rowBytes, place);
    }

    private static void ReadNumbers(IReadOnlyList<SafetensorsFile> files, WeightRows piece, Span<float> place)
    {
        using var bytes = new PooledBytes((int)(place.Length * (long)piece.Weight.Info.DType.BitSize() / 8));
        ReadRows(files, piece, bytes.Span);
        ElementWidening.ToSingle(piece.Weight.Info.DType, bytes.Span, place);
        if (piece.Scale is null)
            return;

        float[] scales = Scales(files, piece);
        for (int row = 0; row < piece.Count; row++)
        {
            float scale = scales[scales.Length == 1 ? 0 : piece.First + row];
            foreach (ref float number in place.Slice((int)(row * piece.Columns), (int)piece.Columns))
                number *= scale;
        }
    }

    private static float[] Scales(IReadOnlyList<SafetensorsFile> files, WeightRows piece)
    {
        TensorInfo scale = piece.Scale!.Info;
        bool isUsable = scale.DType.IsConvertible() && (scale.ElementCount == 1 || (scale.ElementCount == piece.Weight.Info.Shape[0] && scale.Shape[0] == scale.ElementCount));
        if (!isUsable)
            throw PairingFault.UnusableScale(files[piece.Weight.File].Path, piece);

        float[] numbers = new float[scale.ElementCount];
        ElementWidening.ToSingle(scale.DType, files[piece.Scale.File].Read(scale), numbers);
        return numbers;
    }
}
