namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>An example: its code, and the words before and after it, in which what it prints is included.</summary>
internal sealed record HelpExample(string Title, string Code, string Words);
