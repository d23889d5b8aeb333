using ResizeLora.NativeMend;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Natives;

public class VersionMendTests
{
    [Fact]
    public void The_original_needs_versions_that_older_systems_lack()
    {
        IEnumerable<string> needed = OriginalLibrary.Parse().NeededVersions.Select(version => version.Name);

        Assert.All(MendRule.All, rule => Assert.Contains(rule.Version, needed));
    }

    [Fact]
    public void The_mended_file_asks_for_the_replacements_only()
    {
        ElfFile mended = ElfFile.Parse(new ElfBytes(OriginalLibrary.Mended()));

        foreach (MendRule rule in MendRule.All)
        {
            Assert.DoesNotContain(mended.NeededVersions, version => version.Name == rule.Version);
            DynamicSymbol symbol = Assert.Single(mended.Symbols, symbol => symbol.Name == rule.ReplacementSymbol);
            NeededVersion version = Assert.Single(mended.NeededVersions, version => version.Index == symbol.VersionIndex);
            Assert.Equal(("libstdc++.so.6", rule.ReplacementVersion), (version.Library, version.Name));
            Assert.Equal(NeededVersion.HashOf(rule.ReplacementVersion), version.Hash);
        }
    }

    [Fact]
    public void Nothing_above_GLIBCXX_3_4_29_is_needed()
    {
        IEnumerable<int> minors = ElfFile.Parse(new ElfBytes(OriginalLibrary.Mended())).NeededVersions
            .Where(version => version.Name.StartsWith("GLIBCXX_3.4.", StringComparison.Ordinal))
            .Select(version => int.Parse(version.Name["GLIBCXX_3.4.".Length..]));

        Assert.Equal(29, minors.Max());
    }

    [Fact]
    public void Only_one_name_and_two_version_records_change()
    {
        byte[] original = OriginalLibrary.Copy(), mended = OriginalLibrary.Mended();
        int name = OriginalLibrary.Find(OriginalLibrary.InitSymbol);
        HashSet<int> allowed = [.. Enumerable.Range(name, OriginalLibrary.InitSymbol.Length)];
        foreach (NeededVersion version in OriginalLibrary.Parse().NeededVersions.Where(version => MendRule.All.Any(rule => rule.Version == version.Name)))
        {
            // Hash and name offset of the record; its flags, its index and the step to the next stay.
            allowed.UnionWith(Enumerable.Range((int)version.Offset, 4));
            allowed.UnionWith(Enumerable.Range((int)version.Offset + 8, 4));
        }

        Assert.Equal(original.Length, mended.Length);
        Assert.All(Enumerable.Range(0, original.Length).Where(at => original[at] != mended[at]), at => Assert.Contains(at, allowed));
    }

    [Fact]
    public void Mending_again_changes_nothing()
    {
        byte[] once = OriginalLibrary.Mended();
        byte[] twice = (byte[])once.Clone();

        Assert.False(VersionMend.Apply(twice));
        Assert.Equal(once, twice);
    }

    [Fact]
    public void A_file_that_needs_nothing_is_copied_as_it_is()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["mended.so"], OriginalLibrary.Mended());

        Assert.False(MendedFile.Write(folder["mended.so"], folder["new/copy.so"]));
        Assert.Equal(File.ReadAllBytes(folder["mended.so"]), File.ReadAllBytes(folder["new/copy.so"]));
    }

    [Theory]
    [InlineData("GLIBCXX_3.4", 0x08922974u)]
    [InlineData("GLIBCXX_3.4.11", 0x0297f861u)]
    [InlineData("GLIBC_2.2.5", 0x09691a75u)]
    public void Versions_are_hashed_as_the_loader_does(string name, uint expected) =>
        Assert.Equal(expected, NeededVersion.HashOf(name));
}
