using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("ResizeLora.Cmdlet.Tests.ModuleTestFramework", "ResizeLora.Cmdlet.Tests")]

namespace ResizeLora.Cmdlet.Tests;

/// <summary>xunit as it is. Being made first, before tests with types of the module in their attributes are looked for, is all it is for.</summary>
public sealed class ModuleTestFramework : XunitTestFramework
{
    public ModuleTestFramework(IMessageSink messages)
        : base(messages) => BuiltModule.ResolveAssemblies();
}
