using ResizeLora.Adapters;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Files;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pipeline;

public sealed class OutputGuardTests : IDisposable
{
    private static readonly OutputRecord ByDefault = new() { Recipe = ResizeRecipe.Default, Threshold = -1.2 };

    private static readonly ResizeRecipe BySize = ResizeRecipe.Parse("spn_ckpt,size=1");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Outputs_go_beside_the_input_or_to_the_destination()
    {
        Assert.Equal(_folder["in_spnckpt1_th-1.2.safetensors"], OutputPath.Beside.For(At("in"), ByDefault));
        Assert.Equal(Path.Combine("elsewhere", "in_spnckpt1_th-1.2.safetensors"), OutputPath.In("elsewhere").For(At("in"), ByDefault));
    }

    [Fact]
    public void An_input_is_never_overwritten_not_even_when_asked()
    {
        File.WriteAllText(_folder["in"], "input");
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.AddInput(_folder["in"]);
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["in"], At("other"), ByDefault), _folder["in"]);
    }

    [UnixFact]
    public void A_link_to_an_input_is_that_input()
    {
        File.WriteAllText(_folder["in"], "input");
        File.CreateSymbolicLink(_folder["link"], _folder["in"]);
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.AddInput(_folder["link"]);
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["in"], At("other"), ByDefault));
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
        Refusal.Of("OutputIsInput", () => guard.Claim(_folder["IN"], At("other"), ByDefault));
        Assert.True(RealPath.Same(_folder["in"], _folder["IN"]));
    }

    [UnixFact]
    public void Another_name_of_an_output_is_that_output()
    {
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.Claim(_folder["out"], At("a"), ByDefault);
        File.WriteAllText(_folder["out"], "output");
        Assert.Equal(0, UnixFiles.Link(_folder["out"], _folder["OUT"]));
        Refusal.Of("OutputNameCollision", () => guard.Claim(_folder["OUT"], At("b"), ByDefault), _folder["a"], _folder["b"]);
    }

    [Fact]
    public void A_name_is_taken_once()
    {
        OutputGuard guard = Guard(new() { Overwrite = true });
        guard.Claim(_folder["out"], At("a"), ByDefault);
        Refusal.Of("OutputNameCollision", () => guard.Claim(_folder["out"], At("b"), ByDefault), _folder["a"], _folder["b"]);
    }

    [Fact]
    public void Outputs_of_the_same_name_are_found_before_any_work()
    {
        OutputGuard guard = Guard(new() { Output = OutputPath.In(_folder["out"]) });
        Refusal.Of(
            "OutputNameCollision",
            () => guard.CheckInAdvance([Task("one/style.safetensors", ResizeRecipe.Default), Task("two/style.safetensors", ResizeRecipe.Default)]),
            _folder["one/style.safetensors"],
            _folder["two/style.safetensors"]);
        Refusal.Of("OutputNameCollision", () => guard.CheckInAdvance([Task("style", BySize, BySize)]));
        Refusal.Of("OutputNameCollision", () => guard.CheckInAdvance([Task("style", ResizeRecipe.Parse("spn_ckpt=2,spn_lora,thr=-1"), ResizeRecipe.Parse("spn_ckpt=0.67,spn_lora=0.33,thr=-1"))]));
    }

    [Fact]
    public void Outputs_of_different_names_are_no_collision()
    {
        Guard().CheckInAdvance(
        [
            Task("one/style.safetensors", ResizeRecipe.Default, BySize),
            Task("two/style.safetensors", ResizeRecipe.Default, BySize),
        ]);
        OutputGuard guard = Guard();
        guard.Claim(_folder["a"], At("in"), ByDefault);
        guard.Claim(_folder["b"], At("in"), ByDefault);
    }

    [Fact]
    public void A_name_is_known_in_advance_only_without_a_size_or_a_recipe_in_it()
    {
        OutputRecord Record(string recipe) => new ResizeOptions().RecordOf(ResizeRecipe.Parse(recipe));
        Assert.Equal(_folder["style_spnckpt1_th-1.2.safetensors"], Guard().TargetInAdvance(At("style"), Record("spn_ckpt,thr=-1.2")));
        Assert.Null(Guard().TargetInAdvance(At("style"), Record("spn_ckpt,size=1")));
        Assert.Null(Guard().TargetInAdvance(At("style"), Record("spn_ckpt,size=1,thr=-1.2")));
        Assert.Equal(_folder["small.safetensors"], Guard(new() { Output = OutputPath.Of(_folder["small.safetensors"]) }).TargetInAdvance(At("style"), Record("spn_ckpt,size=1")));
    }

    [Fact]
    public void What_exists_is_not_claimed_unless_asked()
    {
        File.WriteAllText(_folder["out"], "old");
        Refusal.Of("OutputExists", () => Guard().Claim(_folder["out"], At("in"), ByDefault));
        Refusal.Of("OutputIsNotOurs", () => Guard(new() { Overwrite = true }).Claim(_folder["out"], At("in"), ByDefault));

        new SampleFile().AddMetadata("resize_params", "{}").Write(_folder["out"]);
        Refusal.Of("OutputExists", () => Guard().Claim(_folder["out"], At("in"), ByDefault), "-Force");
        Guard(new() { Overwrite = true }).Claim(_folder["out"], At("in"), ByDefault);
    }

    private AdapterTask Task(string name, params ResizeRecipe[] recipes) => AdapterTask.OfFile(_folder[name], recipes);

    private AdapterLocation At(string name) => AdapterLocation.Of(_folder[name]);

    private static OutputGuard Guard(ResizeOptions? options = null) => new(options ?? new ResizeOptions());
}
