namespace ResizeLora.Completion;

/// <summary>Completes paths of checkpoints, which may be in GGUF too.</summary>
internal sealed class CheckpointFileCompleter : LiteralSafetensorsFileCompleter
{
    private protected override IReadOnlyList<string> Extensions { get; } = [".safetensors", ".gguf"];
}
