using ResizeLora.Core.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Pipeline;

namespace ResizeLora.Core.Tests.Pipeline;

public sealed class OutputGuardTests : IDisposable
{
    private static readonly ResizeRecipe BySize = ResizeRecipe.Parse("spn_ckpt,size=1");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Outputs_go_beside_the_input_or_to_the_destination()
    {
        Assert.Equal(_folder["out"], Guard().Target(_folder["in"], "out"));
        Assert.Equal(Path.Combine("elsewhere", "out"), Guard(new() { Destination = "elsewhere" }).Target(_folder["in"], "out"));
    }

    [Fact]
    public void An_input_is_never_overwritten_not_even_when_asked()
    {
        File.WriteAllText(_folder["in"], "input");
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.AddInput(_folder["in"]);
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["in"], _folder["other"], ResizeRecipe.Default), _folder["in"]);
    }

    [UnixFact]
    public void A_link_to_an_input_is_that_input()
    {
        File.WriteAllText(_folder["in"], "input");
        File.CreateSymbolicLink(_folder["link"], _folder["in"]);
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.AddInput(_folder["link"]);
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["in"], _folder["other"], ResizeRecipe.Default));
        Assert.True(RealPath.Same(_folder["in"], _folder["link"]));
        Assert.False(RealPath.Same(_folder["in"], _folder["other"]));
    }

    [UnixFact]
    public void Another_name_of_an_input_is_that_input()
    {
        // A hard link; a file system that does not look at case shows the same.
        File.WriteAllText(_folder["in"], "input");
        Assert.Equal(0, UnixFiles.Link(_folder["in"], _folder["IN"]));
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.AddInput(_folder["in"]);
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["IN"], _folder["other"], ResizeRecipe.Default));
        Assert.True(RealPath.Same(_folder["in"], _folder["IN"]));
    }

    [UnixFact]
    public void Another_name_of_an_output_is_that_output()
    {
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.Claim(_folder["out"], _folder["a"], ResizeRecipe.Default);
        File.WriteAllText(_folder["out"], "output");
        Assert.Equal(0, UnixFiles.Link(_folder["out"], _folder["OUT"]));
        Refusal.Of("OutputNameCollision", () => guard.Claim(_folder["OUT"], _folder["b"], ResizeRecipe.Default), _folder["a"], _folder["b"]);
    }

    [Fact]
    public void A_name_is_taken_once()
    {
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.Claim(_folder["out"], _folder["a"], ResizeRecipe.Default);
        Refusal.Of("OutputNameCollision", () => guard.Claim(_folder["out"], _folder["b"], ResizeRecipe.Default), _folder["a"], _folder["b"]);
    }

    [Fact]
    public void Outputs_of_the_same_name_are_found_before_any_work()
    {
        OutputGuard guard = Guard(new() { Destination = _folder["out"] });
        Refusal.Of(
            "OutputNameCollision",
            () => guard.CheckInAdvance([(_folder["one/style.safetensors"], [ResizeRecipe.Default]), (_folder["two/style.safetensors"], [ResizeRecipe.Default])]),
            _folder["one/style.safetensors"],
            _folder["two/style.safetensors"]);
        Refusal.Of("OutputNameCollision", () => guard.CheckInAdvance([(_folder["style"], [BySize, BySize])]));
        Refusal.Of("OutputNameCollision", () => guard.CheckInAdvance([(_folder["style"], [ResizeRecipe.Parse("spn_ckpt,thr=-1.201"), ResizeRecipe.Parse("spn_ckpt,thr=-1.199")])]));
    }

    [Fact]
    public void Outputs_of_different_names_are_no_collision()
    {
        Guard().CheckInAdvance(
        [
            (_folder["one/style.safetensors"], [ResizeRecipe.Default, BySize]),
            (_folder["two/style.safetensors"], [ResizeRecipe.Default, BySize]),
        ]);
        OutputGuard guard = Guard();
        guard.Claim(_folder["a"], _folder["in"], ResizeRecipe.Default);
        guard.Claim(_folder["b"], _folder["in"], ResizeRecipe.Default);
    }

    [Fact]
    public void What_exists_is_not_claimed_unless_asked()
    {
        File.WriteAllText(_folder["out"], "old");
        Refusal.Of("OutputExists", () => Guard().Claim(_folder["out"], _folder["in"], ResizeRecipe.Default));
        Guard(new() { Overwrite = true }).Claim(_folder["out"], _folder["in"], ResizeRecipe.Default);
    }

    private static OutputGuard Guard(PipelineSettings? settings = null) => new(settings ?? new PipelineSettings());
}
