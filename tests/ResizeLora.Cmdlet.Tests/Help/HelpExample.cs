namespace ResizeLora.Cmdlet.Tests.Help;

/// <summary>An example of a page: its code, and what it prints as far as the page shows it.</summary>
internal sealed record HelpExample(string Title, string Code);
