using System.Management.Automation;

namespace ResizeLora.Cmdlet.Tests.Support;

/// <summary>An error that a test has provoked, and what must be true of it.</summary>
internal sealed record ExpectedError(ErrorRecord Record, bool IsTerminating)
{
    /// <summary>The stable id is what scripts test for; the category is what they group by.</summary>
    public ExpectedError Is(string id, ErrorCategory category)
    {
        Assert.StartsWith($"{id},", Record.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, Record.CategoryInfo.Category);
        return this;
    }

    /// <summary>The whole call is at fault.</summary>
    public ExpectedError EndsTheCall()
    {
        Assert.True(IsTerminating);
        return this;
    }

    /// <summary>Only one item is at fault.</summary>
    public ExpectedError LetsTheCallGoOn()
    {
        Assert.False(IsTerminating);
        return this;
    }

    public ExpectedError Mentions(params string[] texts)
    {
        foreach (string text in texts)
            Assert.Contains(text, Record.Exception.Message, StringComparison.Ordinal);
        return this;
    }

    /// <summary>For errors that the engine wraps while it binds parameters: the module's own error within.</summary>
    public ExpectedError Wraps(string id)
    {
        for (Exception? inner = Record.Exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is ResizeLoraException own)
            {
                Assert.Equal(id, own.ErrorId);
                return this;
            }
        }

        Assert.Fail($"No ResizeLoraException in {Record.Exception}");
        return this;
    }
}
