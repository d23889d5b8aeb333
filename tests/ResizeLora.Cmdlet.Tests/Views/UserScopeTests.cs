namespace ResizeLora.Cmdlet.Tests.Views;

/// <summary>Views run where the user's settings are, and print the same whatever these are.</summary>
public sealed class UserScopeTests : IDisposable
{
    private readonly ViewBench _bench = new();

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string setting in new[]
            {
                "Set-StrictMode -Version Latest",
                "$index = 7; $first = 'x'; $value = 'y'; $i = 3; $this = 'me'; $name = 'n'; $args = 1",
                "foreach ($name in 'index', 'first', 'value') { $ExecutionContext.SessionState.PSVariable.Set([psvariable]::new($name, 7, 'Constant, AllScope')) }",
                "$OFS = '|'; $ErrorActionPreference = 'Stop'",
                "function ForEach-Object { throw 'mine' }; function Where-Object { throw 'mine' }; function Select-Object { throw 'mine' }",
            })
            {
                foreach (string format in new[] { "Format-Table", "Format-List" })
                    cases.Add(setting, format);
            }

            return cases;
        }
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Everything_is_printed_as_always(string setting, string format)
    {
        string script = $"$layers; ($layers | New-ResizeRecipe 'spn_ckpt=1,thr=-1:params=1,size=2'); $results; Get-SpectralNormCache; Get-LoraInfo style.safetensors; New-ResizeRecipe 'spn_ckpt=0.7,params=0.3,thr=-1'";
        _bench.Text($"$all = @({script}); 'done'");
        string[] expected = _bench.Print($"$all | {format}", 100);

        // As at a prompt, what is set stays.
        _bench.Text($"{setting}; 'done'");

        Assert.Equal(expected, _bench.Print($"$all | {format}", 100));
    }
}
