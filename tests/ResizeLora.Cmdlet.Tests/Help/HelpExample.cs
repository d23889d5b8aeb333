namespace ResizeLora.Cmdlet.Tests.Help;

internal sealed record HelpExample(string Title, string Code);
