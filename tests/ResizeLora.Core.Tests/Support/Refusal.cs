namespace ResizeLora.Core.Tests.Support;

/// <summary>Asserts that something is refused with an error of our own.</summary>
internal static class Refusal
{
    public static ResizeLoraException Of(string errorId, Action action)
    {
        ResizeLoraException exception = Assert.Throws<ResizeLoraException>(action);
        Assert.Equal(errorId, exception.ErrorId);
        return exception;
    }

    /// <summary>The same, where the message must hold some texts.</summary>
    public static void Of(string errorId, Action action, params string[] inMessage)
    {
        ResizeLoraException exception = Of(errorId, action);
        foreach (string text in inMessage)
            Assert.Contains(text, exception.Message, StringComparison.Ordinal);
    }
}
