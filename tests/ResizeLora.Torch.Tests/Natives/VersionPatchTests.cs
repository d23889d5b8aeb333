using ResizeLora.NativePatch;

namespace ResizeLora.Torch.Tests.Natives;

public class VersionPatchTests
{
    [Fact]
    public void The_original_needs_versions_that_older_systems_lack()
    {
        IEnumerable<string> needed = OriginalLibrary.Read().NeededVersions.Select(version => version.Name);

        Assert.All(PatchRule.All, rule => Assert.Contains(rule.Version, needed));
    }

    [Fact]
    public void The_patched_file_asks_for_the_replacements_only()
    {
        SharedLibrary patched = SharedLibrary.Read(OriginalLibrary.Patched());

        foreach (PatchRule rule in PatchRule.All)
        {
            Assert.DoesNotContain(patched.NeededVersions, version => version.Name == rule.Version);
            DynamicSymbol symbol = Assert.Single(patched.Symbols, symbol => symbol.Name == rule.ReplacementSymbol);
            NeededVersion version = Assert.Single(patched.NeededVersions, version => version.Index == symbol.VersionIndex);
            Assert.Equal(("libstdc++.so.6", rule.ReplacementVersion), (version.Library, version.Name));
            Assert.Equal(NeededVersion.HashOf(rule.ReplacementVersion), version.Hash);
        }
    }

    [Fact]
    public void Nothing_above_GLIBCXX_3_4_29_is_needed()
    {
        IEnumerable<int> minors = SharedLibrary.Read(OriginalLibrary.Patched()).NeededVersions
            .Where(version => version.Name.StartsWith("GLIBCXX_3.4.", StringComparison.Ordinal))
            .Select(version => int.Parse(version.Name["GLIBCXX_3.4.".Length..]));

        Assert.Equal(29, minors.Max());
    }

    [Fact]
    public void Only_one_name_and_two_version_records_change()
    {
        byte[] original = OriginalLibrary.Copy(), patched = OriginalLibrary.Patched();
        int name = OriginalLibrary.Find(OriginalLibrary.InitSymbol);
        HashSet<int> allowed = [.. Enumerable.Range(name, OriginalLibrary.InitSymbol.Length)];
        foreach (NeededVersion version in OriginalLibrary.Read().NeededVersions.Where(version => PatchRule.All.Any(rule => rule.Version == version.Name)))
        {
            // Hash and name offset of the record; its flags, its index and the step to the next stay.
            allowed.UnionWith(Enumerable.Range(version.Offset, 4));
            allowed.UnionWith(Enumerable.Range(version.Offset + 8, 4));
        }

        Assert.Equal(original.Length, patched.Length);
        Assert.All(Enumerable.Range(0, original.Length).Where(at => original[at] != patched[at]), at => Assert.Contains(at, allowed));
    }

    [Fact]
    public void Patching_again_changes_nothing()
    {
        byte[] once = OriginalLibrary.Patched();
        byte[] twice = (byte[])once.Clone();

        Assert.False(VersionPatch.Apply(twice));
        Assert.Equal(once, twice);
    }

    [Fact]
    public void A_file_that_needs_nothing_is_copied_as_it_is()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["patched.so"], OriginalLibrary.Patched());

        Assert.False(PatchedFile.Write(folder["patched.so"], folder["new/copy.so"]));
        Assert.Equal(File.ReadAllBytes(folder["patched.so"]), File.ReadAllBytes(folder["new/copy.so"]));
    }

    [Theory]
    [InlineData("GLIBCXX_3.4", 0x08922974u)]
    [InlineData("GLIBCXX_3.4.11", 0x0297f861u)]
    [InlineData("GLIBC_2.2.5", 0x09691a75u)]
    public void Versions_are_hashed_as_the_loader_does(string name, uint expected) =>
        Assert.Equal(expected, NeededVersion.HashOf(name));
}
