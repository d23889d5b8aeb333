using System.Buffers.Binary;
using ResizeLora.NativePatch;

namespace ResizeLora.Torch.Tests.Natives;

public class PatchRefusalTests
{
    [Theory]
    [InlineData("")]
    [InlineData("MZ, or anything else")]
    [InlineData("\u007fELF")]
    public void What_is_no_library_is_refused(string content) => AssertRefused(System.Text.Encoding.ASCII.GetBytes(content));

    [Theory]
    [InlineData(4, "ELF file")]
    [InlineData(5, "ELF file")]
    [InlineData(16, "shared library")]
    public void Another_kind_of_ELF_file_is_refused(int offset, string reason)
    {
        byte[] file = OriginalLibrary.Copy();
        file[offset] ^= 3;

        AssertRefused(file, reason);
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        byte[] file = OriginalLibrary.Copy();
        IEnumerable<int> lengths = Enumerable.Range(0, 80)
            .Concat(Enumerable.Range(1, 40).Select(part => (int)(file.LongLength * part / 41)))
            .Concat([file.Length - 1]);

        Assert.All(lengths, length => Assert.Throws<InvalidDataException>(() => VersionPatch.Apply(file[..length])));
        AssertRefused(file[..^1], "not a valid ELF file");
    }

    [Fact]
    public void A_missing_replacement_version_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        file[OriginalLibrary.Find("GLIBCXX_3.4")] = (byte)'X';

        AssertRefused(file, "doesn't need GLIBCXX_3.4,");
    }

    [Fact]
    public void A_version_without_its_symbol_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        file[OriginalLibrary.Find(OriginalLibrary.InitSymbol) + 4] = (byte)'9';

        AssertRefused(file, "no replacement is known");
    }

    [Fact]
    public void A_version_that_no_symbol_has_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(OriginalLibrary.VersionRecord(OriginalLibrary.WaitSymbol)), 1);

        AssertRefused(file, "not have exactly one");
    }

    [Fact]
    public void A_second_symbol_of_the_version_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        int source = OriginalLibrary.VersionRecord(OriginalLibrary.InitSymbol);
        file.AsSpan(source, 2).CopyTo(file.AsSpan(OriginalLibrary.VersionRecord("_ZNSt6thread4joinEv")));

        AssertRefused(file, "_ZNSt6thread4joinEv too");
    }

    [Fact]
    public void A_version_index_that_is_in_no_list_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(OriginalLibrary.VersionRecord("_ZNSt6thread4joinEv")), 999);

        AssertRefused(file, "999");
    }

    [Fact]
    public void A_symbol_that_the_file_itself_defines_is_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        file[OriginalLibrary.SymbolRecord(OriginalLibrary.InitSymbol) + 6] = 12;

        AssertRefused(file, "not have exactly one undefined symbol");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(27)]
    public void A_name_that_another_symbol_shares_is_refused(int tail)
    {
        byte[] file = OriginalLibrary.Copy();
        uint name = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(OriginalLibrary.SymbolRecord(OriginalLibrary.InitSymbol)));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(OriginalLibrary.SymbolRecord("_ZNSt6thread4joinEv")), name + (uint)tail);

        AssertRefused(file, "used for something else");
    }

    [Fact]
    public void Section_headers_that_the_loader_does_not_see_are_refused()
    {
        byte[] file = OriginalLibrary.Copy();
        const int addressInHeader = 16;
        file[OriginalLibrary.Section(type: 0x6FFFFFFE).Header + addressInHeader] ^= 16;

        AssertRefused(file, "disagree");
    }

    [Fact]
    public void Damage_anywhere_in_the_tables_never_fails_otherwise()
    {
        // Seeded, so that a failure comes back. Each file either works or is refused; nothing else is thrown.
        Random random = new(20240611);
        byte[] original = OriginalLibrary.Copy();
        int needs = (int)OriginalLibrary.Section(type: 0x6FFFFFFE).Offset, headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(original.AsSpan(40));
        (int From, int Length)[] tables = [(0, 64), (needs, 528), (headers, original.Length - headers), (OriginalLibrary.SymbolRecord(OriginalLibrary.InitSymbol), 48)];

        for (int round = 0; round < 600; round++)
        {
            byte[] file = (byte[])original.Clone();
            (int from, int length) = tables[round % tables.Length];
            for (int flip = 0; flip < 4; flip++)
            {
                file[from + random.Next(length)] = (byte)random.Next(256);
            }

            Exception? exception = Record.Exception(() => VersionPatch.Apply(file));
            Assert.True(exception is null or InvalidDataException, $"Round {round}: {exception}");
        }
    }

    private static void AssertRefused(byte[] content, string reason = "")
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["source.so"], content);

        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => PatchedFile.Write(folder["source.so"], folder["out/patched.so"]));

        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }
}
