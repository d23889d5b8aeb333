using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ResizeLora.Shell;

/// <summary>
/// The few places where the shell reaches into the engine. The engine package contains all the formatting, but the commands
/// that hand it to users are in assemblies that only an installed PowerShell has. The version of the package is fixed, and the
/// tests of the shell go through each of these members.
/// </summary>
internal static class EngineInternals
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
    private const string FormatNamespace = "Microsoft.PowerShell.Commands.Internal.Format.";

    private static readonly Assembly Engine = typeof(PSObject).Assembly;

    /// <summary>Makes a command lay objects out in the given shape, Table or List.</summary>
    internal static void UseShape(FrontEndCommandBase command, string shape) =>
        SetImplementation(command, Create("InnerFormatShapeCommand", Enum.Parse(FormatType("FormatShape"), shape)));

    /// <summary>Makes a command write what it is given, formatted, to <paramref name="writer"/>.</summary>
    internal static void UseWriter(FrontEndCommandBase command, TextWriter writer, int width)
    {
        object manager = Create("OutputManagerInner");
        manager.GetType().GetProperty("LineOutput", Hidden)!.SetValue(manager, Create("TextWriterLineOutput", writer, width));
        SetImplementation(command, manager);
    }

    /// <summary>Makes <c>exit</c> in the next script that runs reach the host instead of ending just that script.</summary>
    internal static void LetExitEndTheSession(Runspace runspace)
    {
        object context = typeof(Runspace).GetProperty("ExecutionContext", Hidden)!.GetValue(runspace)!;
        context.GetType().GetProperty("ScriptCommandProcessorShouldRethrowExit", Hidden)!.SetValue(context, true);
    }

    /// <summary>Makes Out-Default show an error record on the error stream, as it does when a pipeline writes one.</summary>
    internal static PSObject ForErrorStream(ErrorRecord record)
    {
        var marked = new PSObject(record);
        PropertyInfo stream = typeof(PSObject).GetProperty("WriteStream", Hidden)!;
        stream.SetValue(marked, Enum.Parse(stream.PropertyType, "Error"));
        return marked;
    }

    private static void SetImplementation(FrontEndCommandBase command, object implementation) =>
        typeof(FrontEndCommandBase).GetField("implementation", Hidden)!.SetValue(command, implementation);

    private static object Create(string typeName, params object[] arguments) =>
        Activator.CreateInstance(FormatType(typeName), Hidden | BindingFlags.Public, null, arguments, null)!;

    private static Type FormatType(string name) => Engine.GetType(FormatNamespace + name, throwOnError: true)!;
}
