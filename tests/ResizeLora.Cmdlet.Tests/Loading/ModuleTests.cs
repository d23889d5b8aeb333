using ResizeLora.Cmdlet.Tests.Support;

namespace ResizeLora.Cmdlet.Tests.Loading;

/// <summary>The module as the shell sees it.</summary>
public sealed class ModuleTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Exactly_the_cmdlets_and_an_alias_are_exported() =>
        Assert.Equal(
            ["Clear-SpectralNormCache", "Compare-Lora", "Get-LoraInfo", "Get-LoraSpectrum", "Get-SpectralNormCache", "Invoke-LoraResize", "New-ResizeRecipe", "Resize-Lora"],
            _bench.RunClean("(Get-Module ResizeLora).ExportedCommands.Keys | Sort-Object").OutputAs<string>());

    [Fact]
    public void Import_again_with_force_works_after_use()
    {
        _bench.AddLora();

        RunResult result = _bench.RunClean("""
            $layers = Get-LoraSpectrum style.safetensors
            Import-Module $args[0] -Force
            $null = $layers | Invoke-LoraResize -Recipe (New-ResizeRecipe 'spn_lora=1,thr=-0.3')
            Remove-Module ResizeLora
            Import-Module $args[0]
            $layers | Invoke-LoraResize -Recipe 'spn_lora=1,thr=-0.2'
            """, BuiltModule.Manifest);

        Assert.Equal("style_spnlora1_th-0.2.safetensors", result.Only<ResizeResult>().Name);
    }

    [Fact]
    public void Second_runspace_works_with_objects_of_the_first()
    {
        _bench.AddLora();
        IReadOnlyList<DecomposedLayer> layers = _bench.RunClean("Get-LoraSpectrum style.safetensors | New-ResizeRecipe 'spn_lora=1,thr=-0.3'").OutputAs<DecomposedLayer>();

        using var second = new ModuleSession();
        RunResult result = second.Run("$args[0] | Invoke-LoraResize", layers);

        Assert.Empty(result.Errors);
        Assert.Equal(_bench.Folder, Path.GetDirectoryName(result.Only<ResizeResult>().Path));
    }

    [Fact]
    public async Task Two_runspaces_work_at_the_same_time()
    {
        _bench.AddCheckpoint();
        _bench.AddLora("a.safetensors", 2);
        _bench.AddLora("b.safetensors", 3);
        using var first = new ModuleSession();
        using var second = new ModuleSession();

        RunResult[] results = await Task.WhenAll(new[] { (first, "a"), (second, "b") }.Select(item => Task.Run(() =>
            item.Item1.Run("Invoke-LoraResize $args[0] -Checkpoint $args[1]", _bench.PathOf($"{item.Item2}.safetensors"), _bench.PathOf("base.safetensors")))));

        Assert.All(results, result => Assert.Empty(result.Errors));
        Assert.All(results, result => Assert.Single(result.Output));
        Assert.Equal(4, _bench.RunClean("Get-SpectralNormCache").Only<NormCacheEntry>().LayerCount);
    }

    [Fact]
    public void ForEach_Object_Parallel_works()
    {
        for (int i = 0; i < 4; i++)
            _bench.AddLora($"{i}.safetensors", i);

        RunResult result = _bench.RunClean("""
            $manifest = $args[0]
            $recipe = New-ResizeRecipe 'spn_lora=1,thr=-0.3'
            Get-ChildItem *.safetensors | ForEach-Object -Parallel {
                Import-Module $using:manifest
                Invoke-LoraResize -LiteralPath $_.FullName -Recipe $using:recipe
            } -ThrottleLimit 2
            """, BuiltModule.Manifest);

        Assert.Equal(Enumerable.Range(0, 4).Select(i => $"{i}_spnlora1_th-0.3.safetensors"), result.OutputAs<ResizeResult>().Select(item => item.Name).Order(StringComparer.Ordinal));
    }
}
