using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>Whole files with faults in the header, whose length stays right, or anywhere.</summary>
internal static class FileMutations
{
    /// <summary>Files as they are, <paramref name="right"/> times as many as there are with either kind of fault.</summary>
    public static Gen<byte[]> Of(Gen<byte[]> files, int right) => Gen.Frequency(
        (right, files),
        (1, Gen.Select(files, HeaderMutations.Any.Array[1, 2], MutateHeader)),
        (1, Gen.Select(files, ByteMutations.Any(files).Array[1, 3], (file, mutations) => mutations.Aggregate(file, (bytes, mutation) => mutation(bytes)))));

    private static byte[] MutateHeader(byte[] file, HeaderMutation[] mutations)
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        JsonDraft draft = JsonDraft.Parse(Encoding.UTF8.GetString(file, sizeof(ulong), length));
        foreach (HeaderMutation mutation in mutations)
            mutation(draft);
        byte[] json = Encoding.UTF8.GetBytes(draft.ToString());
        return [.. BitConverter.GetBytes(json.LongLength), .. json, .. file[(sizeof(ulong) + length)..]];
    }
}
