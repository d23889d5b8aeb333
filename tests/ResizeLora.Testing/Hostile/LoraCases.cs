using CsCheck;
using ResizeLora.Safetensors;

namespace ResizeLora.Testing.Hostile;

/// <summary>What may be wrong with a layer of a LoRA.</summary>
internal enum LayerFlaw
{
    None,
    NoUp,
    NoDown,
    RanksDisagree,
    OtherSize,
    OneDimension,
    ThreeDimensions,
    FiveDimensions,
    SixDimensions,
    NoElements,
    KernelInUp,
    NoNumbers,
    OtherKind,
    TwoStyles,
    StrangeName,
}

/// <summary>LoRA files whose bytes are those of a safetensors file, and whose content may be anything.</summary>
internal static class LoraCases
{
    private static readonly (string Up, string Down, string Alpha)[] Styles =
    [
        (".lora_up.weight", ".lora_down.weight", ".alpha"),
        (".lora_B.weight", ".lora_A.weight", ".alpha"),
        (".lora_B.default.weight", ".lora_A.default.weight", ".alpha"),
        (".lora.up.weight", ".lora.down.weight", ".alpha"),
        (".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight", ".alpha"),
        ("_lora.up.weight", "_lora.down.weight", ".alpha"),
        (":up", ":down", ":alpha"),
    ];

    private static readonly string[] OtherKinds = [".lora_mid.weight", ".dora_scale", ".lora_magnitude_vector", ".hada_w1_a", ".lokr_w1", ".hada_x.alpha"];

    private static readonly string[] StrangeNames =
    [
        "../../../tmp/x", "/etc/passwd", "..\\x", "a\0b", "\u001b[2J\u001b]0;x\u0007", "\u202ex", "$(Get-Date)", "'; Get-Date; '", " ", ".", "lora_unet_",
        "base_model.model.", "unet:", "a.hada_x", "a.dora_scale.b", "a.lora_up.weight", "é\ud83d\ude00", new('n', 5000),
    ];

    private static readonly Gen<SafetensorsDType> FactorType = Gen.Frequency(
        (4, Gen.Const(SafetensorsDType.F32)),
        (4, Gen.Const(SafetensorsDType.F16)),
        (4, Gen.Const(SafetensorsDType.BF16)),
        (1, Gen.Const(SafetensorsDType.F64)),
        (1, Gen.OneOf(SafetensorsDType.F8_E4M3, SafetensorsDType.F8_E5M2)));

    private static readonly Gen<SafetensorsDType> NoFactorType =
        Gen.OneOf(SafetensorsDType.BOOL, SafetensorsDType.U8, SafetensorsDType.I16, SafetensorsDType.I64, SafetensorsDType.F4, SafetensorsDType.F8_E8M0, SafetensorsDType.C64);

    private static readonly Gen<LayerFlaw> Flaw = Gen.Frequency((20, Gen.Const(LayerFlaw.None)), (12, Gen.Enum<LayerFlaw>()));

    private static readonly Gen<SampleTensor?> Alpha = Gen.Select(
        Gen.Frequency((5, Gen.Const<SafetensorsDType?>(() => null)), (4, FactorType.Select(dtype => (SafetensorsDType?)dtype)), (3, Gen.OneOf<SafetensorsDType?>(SafetensorsDType.I64, SafetensorsDType.I32, SafetensorsDType.U8))),
        Gen.Frequency((8, Gen.Long.Array[0]), (1, Gen.OneOf<long[]>([1], [1, 1], [2], [0]))),
        Gen.Frequency((6, Gen.OneOf(1.0, 4, 8)), (3, Gen.OneOf(0, -2, 0.5, 1e-30, 1e30, 65504, -1e-8)), (1, Gen.OneOf(double.NaN, double.PositiveInfinity))),
        (dtype, shape, value) => dtype is { } type ? SampleTensor.Of(type, shape, value) : null);

    private static readonly Gen<(int Slot, SampleTensor[] Tensors)> Layer = Gen.Select(
        Gen.Int[0, ModelLayer.All.Count - 1],
        Gen.Frequency((5, Gen.Const(0)), (5, Gen.Int[0, Styles.Length - 1])),
        Gen.Int[1, 14],
        Gen.Select(FactorType, FactorType, NoFactorType),
        Gen.Select(Elements.AnyFilling, Elements.AnyFilling, Gen.Int),
        Alpha,
        Flaw,
        Gen.UInt,
        (layer, style, rank, types, filling, alpha, flaw, choice) =>
            (layer, Tensors(ModelLayer.All[layer], Styles[style], rank, types, filling, alpha, flaw, (int)(choice % 1000)).ToArray()));

    private static readonly Gen<SampleTensor[]> Others = Gen.Select(
        Gen.OneOf("some.bias", "x.alpha", "lora_unet_.alpha", "emp_params", "a.dora_scale"),
        Gen.Enum<SafetensorsDType>(),
        Gen.Long[0, 3].Array[0, 3],
        Gen.Int,
        (name, dtype, shape, seed) => new[] { SampleTensor.Filled(name, dtype, [.. shape, 4], Filling.Bytes, seed) });

    private static readonly Gen<(string Key, string Value)[]> Metadata = Gen.OneOf(
        ("ss_network_dim", "16"), ("ss_network_alpha", "nothing"), ("unet:0:rank", "4"), ("resize_params", "{\"tool\":"), ("resize_params", "[[[[]]]]"), ("sshs_model_hash", "x"), ("ss_x", "\0\u001b[31m\ud83d\ude00"), (string.Empty, string.Empty))
        .Array[0, 3];

    public static Gen<byte[]> Any { get; } = Gen.Select(
        Layer.Array[1, 4],
        Others.Array[0, 2],
        Metadata,
        (layers, others, metadata) => SampleTensor.File(layers.DistinctBy(layer => layer.Slot).Select(layer => layer.Tensors).Concat(others).SelectMany(tensors => tensors), metadata));

    private static IEnumerable<SampleTensor> Tensors(
        ModelLayer layer,
        (string Up, string Down, string Alpha) style,
        long rank,
        (SafetensorsDType Up, SafetensorsDType Down, SafetensorsDType None) types,
        (Filling Up, Filling Down, int Seed) filling,
        SampleTensor? alpha,
        LayerFlaw flaw,
        int choice)
    {
        string name = flaw == LayerFlaw.StrangeName ? StrangeNames[choice % StrangeNames.Length] : layer.Name;
        long[] ones = [.. layer.Inner.Skip(1).Select(_ => 1L)];
        long[] up = [flaw == LayerFlaw.OtherSize ? layer.Rows + 1 : layer.Rows, rank, .. ones];
        long[] down = [flaw == LayerFlaw.RanksDisagree ? rank + 1 : rank, .. layer.Inner];
        (up, down) = flaw switch
        {
            LayerFlaw.OneDimension => ([rank], [rank]),
            LayerFlaw.ThreeDimensions => ([.. up, 1], [.. down, 1]),
            LayerFlaw.FiveDimensions => ([.. up, .. new long[5 - up.Length].Select(_ => 1L)], [.. down, .. new long[5 - down.Length].Select(_ => 1L)]),
            LayerFlaw.SixDimensions => ([.. up, 1, 1, 1, 1], [.. down, 1, 1, 1, 1]),
            LayerFlaw.NoElements => (choice % 2 == 0 ? [0, .. up[1..]] : [up[0], 0, .. up[2..]], choice % 2 == 0 ? down : [0, .. down[1..]]),
            LayerFlaw.KernelInUp => ([.. up[..2], 3, 3], [.. down[..2], 1, 1]),
            _ => (up, down),
        };
        if (flaw != LayerFlaw.NoUp)
            yield return SampleTensor.Filled(name + style.Up, flaw == LayerFlaw.NoNumbers ? types.None : types.Up, Whole(up, flaw), filling.Up, filling.Seed);
        if (flaw != LayerFlaw.NoDown)
            yield return SampleTensor.Filled(name + style.Down, types.Down, down, filling.Down, filling.Seed + 1);
        if (alpha is not null)
            yield return alpha with { Name = name + style.Alpha };
        if (flaw == LayerFlaw.OtherKind)
            yield return SampleTensor.Filled(name + OtherKinds[choice % OtherKinds.Length], types.Up, [3], filling.Up, filling.Seed);
        if (flaw == LayerFlaw.TwoStyles)
            yield return SampleTensor.Filled(name + Styles[choice % Styles.Length].Up, types.Up, up, filling.Up, filling.Seed);
        if (flaw == LayerFlaw.TwoStyles && choice % 3 == 0)
            yield return SampleTensor.Filled(name + Styles[choice % Styles.Length].Down, types.Down, down, filling.Down, filling.Seed);
    }

    /// <summary>Elements of less than a byte must fill their last one.</summary>
    private static long[] Whole(long[] shape, LayerFlaw flaw) => flaw == LayerFlaw.NoNumbers ? [.. shape[..1], shape[1] * 2, .. shape[2..]] : shape;
}
