using CsCheck;

namespace ResizeLora.Testing.Hostile;

/// <summary>A whole task for the pipeline: files that may be anything, and what is asked for.</summary>
internal sealed record ResizeCase(byte[] Lora, byte[]? Checkpoint, string[] Recipes, ResizePrecision Precision, UnmatchedLayer UnmatchedLayer)
{
    public static Gen<ResizeCase> Any { get; } = Gen.Select(
        FileMutations.Of(LoraCases.Any, right: 8),
        Gen.Frequency((1, Gen.Const<byte[]?>(() => null)), (2, FileMutations.Of(CheckpointCases.Any, right: 30).Select(file => (byte[]?)file))),
        Gen.OneOf("spn_lora,thr=-0.5", "fro_lora,thr=-2", "params,thr=-60", "spn_lora,size=0.002", "fro_lora,thr=-0.5,size=0.004", "spn_lora=2,fro_lora=-1,thr=-1,rescale=0.3").Array[1, 2],
        Gen.OneOf("spn_ckpt,thr=-1.2", "fro_ckpt,size=0.003", "spn_ckpt=0.5,subspace=0.5,thr=-3", "subspace=1,spn_lora=1,thr=-40"),
        Gen.Enum<ResizePrecision>(),
        Gen.Enum<UnmatchedLayer>(),
        (lora, checkpoint, recipes, withBase, precision, unmatched) =>
            new ResizeCase(lora, checkpoint, [.. checkpoint is null ? recipes : [.. recipes[..1], withBase]], precision, unmatched));

    public override string ToString() =>
        $"{string.Join(':', Recipes)} {Precision} {UnmatchedLayer} checkpoint={(Checkpoint is null ? "none" : Convert.ToBase64String(Checkpoint))} lora={Convert.ToBase64String(Lora)}";
}
