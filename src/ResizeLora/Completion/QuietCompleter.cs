using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ResizeLora.Completion;

/// <summary>The base of all completers: pressing Tab never shows an error.</summary>
internal abstract class QuietCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        try
        {
            return [.. Complete(QuotedWord.Parse(wordToComplete, commandAst), fakeBoundParameters)];
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            return [];
        }
    }

    /// <summary>What the word may become.</summary>
    /// <param name="word">The word that is being typed.</param>
    /// <param name="boundParameters">The other parameters of the command line, by name.</param>
    private protected abstract IEnumerable<CompletionResult> Complete(QuotedWord word, IDictionary boundParameters);
}
