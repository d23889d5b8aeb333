using System.Management.Automation;

namespace ResizeLora.Completion;

/// <summary>Completes folders, for parameters without wildcards.</summary>
internal class FolderCompleter : LiteralSafetensorsFileCompleter
{
    private protected override bool IsOffered(CompletionResult result) => result.ResultType == CompletionResultType.ProviderContainer;
}
