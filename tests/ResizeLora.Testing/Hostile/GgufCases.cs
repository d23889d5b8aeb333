using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>GGUF files for <see cref="ModelLayer.All"/>: right ones, and such with faults anywhere.</summary>
internal static class GgufCases
{
    private static readonly Gen<byte[]> Right = Gen.Select(
        Gen.OneOf(GgufSample.F32, GgufSample.F16, GgufSample.Q4_0, GgufSample.Q8_0, 12u, 16u).Array[ModelLayer.All.Count],
        Gen.Int,
        Gen.OneOf(32u, 64u, 8u),
        (types, seed, alignment) => File(types, seed, alignment));

    public static Gen<byte[]> Mutated { get; } = Gen.Frequency(
        (1, Right),
        (6, Gen.Select(Right, ByteMutations.Any(Right).Array[1, 3], (file, mutations) => mutations.Aggregate(file, (bytes, mutation) => mutation(bytes)))),

        // A number of 64 bits somewhere: a count, a length, a size or a place.
        (6, Gen.Select(Right, Gen.Int[0, 4096], Gen.OneOf(0, 1, -1, long.MaxValue, long.MinValue, 1L << 32, 1L << 62, 255, 4096), WithNumber)));

    private static byte[] File(uint[] types, int seed, uint alignment)
    {
        var random = new Random(seed);
        GgufSample sample = new GgufSample { Alignment = alignment }
            .AddText("general.architecture", "sdxl")
            .AddTexts("tokens", "a", "b", string.Empty);
        foreach ((ModelLayer layer, uint wanted) in ModelLayer.All.Zip(types).Where(pair => pair.First.BaseName is not null))
        {
            uint type = wanted;
            int elements = (int)layer.BaseShape.Aggregate(1L, (product, size) => product * size);
            (int block, int bytes) = type switch { 0 => (1, 4), 1 => (1, 2), 2 => (32, 18), 8 => (32, 34), 12 => (256, 144), _ => (256, 66) };
            if (elements % block == 0)
                sample.AddList($"comfy.gguf.orig_shape.{layer.BaseName}", [.. layer.BaseShape.Select(size => (int)size)]);
            else
                (type, block, bytes) = (0, 1, 4);
            byte[] content = new byte[elements / block * bytes];
            random.NextBytes(content);
            sample.Add(layer.BaseName!, type, block == 1 ? [.. layer.BaseShape] : [elements / block, block], content);
        }

        return sample.ToBytes();
    }

    private static byte[] WithNumber(byte[] file, int place, long number)
    {
        place %= Math.Max(1, file.Length - sizeof(long));
        return [.. file[..place], .. BitConverter.GetBytes(number), .. file[Math.Min(file.Length, place + sizeof(long))..]];
    }
}
