namespace ResizeLora.Adapters.Peft;

/// <summary>The contents of an output's configuration.</summary>
/// <param name="Layers">The layers that it has.</param>
/// <param name="LeftOut">The names of the input's layers that it does not have.</param>
internal sealed record PeftOutput(IReadOnlyList<PeftLayer> Layers, IReadOnlyList<string> LeftOut);

/// <summary>A layer of an output.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rank">The rank of its factors.</param>
/// <param name="Alpha">The factor of ΔW, times the rank.</param>
internal readonly record struct PeftLayer(string Name, long Rank, double Alpha);
