using ResizeLora.Core.Tests.Pipeline;
using ResizeLora.Core.Tests.Support;
using ResizeLora.Output;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Interruption;

/// <summary>Inputs that change while they are worked on: the output is that of what was opened, or there is none and an error says why.</summary>
public sealed class MovingInputTests : IDisposable
{
    private const string Recipe = "spn_lora=1,thr=-0.3";
    private const string Output = "style_spnlora1_fp32_th-0.3.safetensors";
    private const string Other = "another.tensor";

    private readonly Workbench _bench = new();
    private readonly string _path;
    private readonly string _other;

    public MovingInputTests()
    {
        _path = Write("style.safetensors", 1);
        Directory.CreateDirectory(_bench.Folder["other"]);
        _other = Write("other/style.safetensors", 2);
        _bench.Options = _bench.Options with { Output = OutputPath.In(Directory.CreateDirectory(_bench.Folder["out"]).FullName) };
    }

    private OutputFolder Folder => new(_bench.Folder["out"]);

    public void Dispose() => _bench.Dispose();

    [UnixTheory]
    [InlineData("Decomposing layer", InputAttack.Shrinks)]
    [InlineData("Decomposing layer", InputAttack.Grows)]
    [InlineData("Decomposing layer", InputAttack.IsRewritten)]
    [InlineData("Decomposing layer", InputAttack.HasALayerEdited)]
    [InlineData("Writing layer", InputAttack.Shrinks)]
    [InlineData("Writing layer", InputAttack.Grows)]
    [InlineData("Writing layer", InputAttack.IsRewritten)]
    [InlineData("Writing layer", InputAttack.HasALayerEdited)]
    [InlineData("Writing layer", InputAttack.HasAnotherTensorEdited)]
    public void A_file_that_changes_after_a_stage_is_refused(string stage, InputAttack attack)
    {
        AttackAfter(stage, attack);
        ResizeLoraException exception = Refusal.Of("FileChanged", ResizeOrThrow);
        Assert.Equal(FaultKind.ReadFailed, exception.Kind);
        Assert.Contains(_path, exception.Message, StringComparison.Ordinal);
        AssertNothingWritten();
    }

    [UnixTheory]
    [InlineData("Decomposing layer", InputAttack.IsReplaced)]
    [InlineData("Decomposing layer", InputAttack.Vanishes)]
    [InlineData("Decomposing layer", InputAttack.BecomesAFolder)]
    [InlineData("Writing layer", InputAttack.IsReplaced)]
    [InlineData("Writing layer", InputAttack.Vanishes)]
    [InlineData("Writing layer", InputAttack.BecomesAFolder)]
    public void A_file_that_another_takes_the_name_of_is_finished(string stage, InputAttack attack)
    {
        byte[] expected = Uninterrupted();
        AttackAfter(stage, attack);
        Assert.Equal(expected, File.ReadAllBytes(Assert.Single(_bench.Resize(_path, Recipe)).Path));
        OutputFolder.AssertWhole(_bench.Folder[$"out/{Output}"]);
        Assert.Empty(Folder.Temporary);
    }

    [UnixTheory]
    [InlineData(InputAttack.Shrinks, "FileChanged")]
    [InlineData(InputAttack.Grows, "FileChanged")]
    [InlineData(InputAttack.IsRewritten, "FileChanged")]
    [InlineData(InputAttack.IsReplaced, null)]
    [InlineData(InputAttack.Vanishes, null)]
    [InlineData(InputAttack.BecomesAFolder, null)]
    public void What_is_read_of_an_open_file_is_what_was_opened(InputAttack attack, string? errorId)
    {
        byte[] before = File.ReadAllBytes(_path);
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        TensorInfo first = file.Header.Tensors[0];
        Attack(attack);
        if (errorId is null)
            Assert.Equal(before.Skip((int)(file.Header.DataStart + first.Begin)).Take((int)first.ByteCount), file.Read(first));
        else
            Refusal.Of(errorId, () => file.Read(first), _path);
    }

    [UnixTheory]
    [InlineData(InputAttack.Shrinks, "InvalidSafetensors")]
    [InlineData(InputAttack.Grows, "InvalidSafetensors")]
    [InlineData(InputAttack.IsRewritten, "FileChanged")]
    [InlineData(InputAttack.HasALayerEdited, "FileChanged")]
    [InlineData(InputAttack.IsReplaced, "FileChanged")]
    [InlineData(InputAttack.Vanishes, "FileNotFound")]
    [InlineData(InputAttack.BecomesAFolder, "PathIsFolder")]
    public void Layers_that_were_kept_are_refused_when_their_file_is_another(InputAttack attack, string errorId)
    {
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(_path)];
        Attack(attack);
        Refusal.Of(errorId, () => Workbench.Finish(_bench.Pipeline().Resize(_path, [(ResizeRecipe.Parse(Recipe), layers)])), _path);
        AssertNothingWritten();
    }

    [UnixFact]
    public void A_file_that_changes_where_only_the_hash_may_have_been_is_refused_or_gives_what_it_is_by_now()
    {
        // The hash is made meanwhile, and may have seen the old bytes or the new ones.
        AttackAfter("Decomposing layer", InputAttack.HasAnotherTensorEdited);
        byte[]? actual = null;
        try
        {
            actual = Uninterrupted();
        }
        catch (ResizeLoraException exception)
        {
            Assert.Equal("FileChanged", exception.ErrorId);
            AssertNothingWritten();
        }

        byte[] expected = Uninterrupted();
        Assert.Equal(expected, actual ?? expected);
    }

    [Fact]
    public void Layers_that_were_kept_go_with_what_else_the_file_has_by_now()
    {
        List<DecomposedLayer> layers = [.. _bench.Pipeline().Decompose(_path)];
        Attack(InputAttack.HasAnotherTensorEdited);
        byte[] expected = Uninterrupted();
        ResizeResult result = Assert.Single(_bench.Pipeline().Resize(_path, [(ResizeRecipe.Parse(Recipe), layers)]));
        Assert.Equal(expected, File.ReadAllBytes(result.Path));
    }

    [UnixFact]
    public void A_file_that_only_gets_another_name_meanwhile_is_no_other()
    {
        byte[] expected = Uninterrupted();
        _bench.Host.AtStep = _ =>
        {
            if (File.Exists(_path))
                File.Move(_path, _path + ".moved");
        };
        Assert.Equal(expected, File.ReadAllBytes(Assert.Single(_bench.Resize(_path, Recipe)).Path));
    }

    [Fact]
    public void One_file_that_changes_does_not_spoil_the_next()
    {
        AttackAfter("Decomposing layer", InputAttack.HasALayerEdited);
        Refusal.Of("FileChanged", () => _bench.Resize(_path, Recipe));
        OutputFolder.AssertWhole(Assert.Single(_bench.Resize(_other, Recipe)).Path);
        Assert.Empty(Folder.Temporary);
    }

    private string Write(string name, int seed)
    {
        byte[] bytes = new byte[5000];
        new Random(seed).NextBytes(bytes);
        return _bench.WriteLora(Workbench.ThreeLayers(seed).AddRaw(Other, SafetensorsDType.U8, [bytes.Length], bytes), name);
    }

    /// <summary>Attacks once, when the last of the three layers has gone through a stage.</summary>
    private void AttackAfter(string stage, InputAttack attack)
    {
        int steps = 0;
        _bench.Host.AtStep = step =>
        {
            if (step == stage && ++steps == 3)
                Attack(attack);
        };
    }

    private void Attack(InputAttack attack)
    {
        DateTime time = File.GetLastWriteTimeUtc(_path);
        switch (attack)
        {
            case InputAttack.Shrinks:
                Resize(-100);
                break;
            case InputAttack.Grows:
                Resize(100);
                break;
            case InputAttack.IsRewritten:
                using (FileStream stream = File.Open(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                    stream.Write(File.ReadAllBytes(_other));
                File.SetLastWriteTimeUtc(_path, time.AddSeconds(1));
                break;
            case InputAttack.HasALayerEdited:
                Flip($"{Workbench.Second}.lora_up.weight", time);
                break;
            case InputAttack.HasAnotherTensorEdited:
                Flip(Other, time);
                break;
            case InputAttack.IsReplaced:
                File.SetLastWriteTimeUtc(_other, time);
                File.Move(_other, _path, overwrite: true);
                break;
            case InputAttack.Vanishes:
                File.Delete(_path);
                break;
            case InputAttack.BecomesAFolder:
                File.Delete(_path);
                Directory.CreateDirectory(_path);
                break;
        }
    }

    private void Resize(int by)
    {
        using FileStream stream = File.Open(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(stream.Length + by);
    }

    /// <summary>Changes a bit in the middle of a tensor.</summary>
    private void Flip(string tensor, DateTime time)
    {
        using (SafetensorsFile file = SafetensorsFile.Open(_path))
        using (FileStream stream = File.Open(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            TensorInfo info = file.Header.Find(tensor)!;
            stream.Position = file.Header.DataStart + info.Begin + info.ByteCount / 2;
            int old = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(old ^ 1));
        }

        File.SetLastWriteTimeUtc(_path, time);
    }

    /// <summary>An error of one recipe is told to the observer.</summary>
    private void ResizeOrThrow()
    {
        _bench.Resize(_path, Recipe);
        if (_bench.Host.Errors is [var error])
            throw error;
    }

    private byte[] Uninterrupted()
    {
        string path = Assert.Single(_bench.Resize(_path, Recipe)).Path;
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    private void AssertNothingWritten() => Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
}
