using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Architecture;

/// <summary>
/// Which folder of the source each type of an assembly is in, and which types use which: in signatures, fields, base types,
/// attributes and the bodies of methods. Nested and generated types count for the type around them.
/// </summary>
internal sealed class FolderMap
{
    private readonly MetadataReader _reader;
    private readonly PEReader _file;
    private readonly Dictionary<TypeDefinitionHandle, string> _names = [];
    private readonly Dictionary<string, string> _folders;
    private readonly HashSet<(string From, string To)> _uses = [];

    private FolderMap(PEReader file, string source)
    {
        _file = file;
        _reader = file.GetMetadataReader();
        Folders = [.. Directory.GetDirectories(source).Select(folder => Path.GetFileName(folder)).Except(["bin", "obj"])];
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
            _names[handle] = OuterName(handle);

        string[] sources = [.. Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(source, folder), "*.cs", SearchOption.AllDirectories))];
        Dictionary<string, string> declared = new(StringComparer.Ordinal);
        foreach (string path in sources)
        {
            string folder = Path.GetRelativePath(source, path).Split(Path.DirectorySeparatorChar)[0];
            foreach (string name in SourceTypes.Of(File.ReadAllText(path)))
                declared[name] = folder;
        }

        _folders = declared;
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
            Visit(handle);
    }

    public IReadOnlyList<string> Folders { get; }

    /// <summary>Types whose source was not found; what the compiler adds aside.</summary>
    public IEnumerable<string> TypesWithoutFolder => _names.Values.Distinct().Where(name => !_folders.ContainsKey(name) && !IsGenerated(name));

    public IEnumerable<TypeUse> Uses => _uses
        .Where(use => _folders.ContainsKey(use.From) && _folders.ContainsKey(use.To))
        .Select(use => new TypeUse(_folders[use.From], use.From, _folders[use.To], use.To));

    public static FolderMap Read(string assembly, string source)
    {
        using var file = new PEReader(ImmutableArray.Create(File.ReadAllBytes(assembly)));
        return new FolderMap(file, source);
    }

    private static bool IsGenerated(string name) => name.StartsWith('<') || name is "EmbeddedAttribute" or "RefSafetyRulesAttribute" or "NullableAttribute" or "NullableContextAttribute";

    private string OuterName(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        return type.IsNested ? OuterName(type.GetDeclaringType()) : _reader.GetString(type.Name).Split('`')[0];
    }

    private void Visit(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        var used = new UsedTypes(_reader);
        used.Add(type.BaseType);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
            used.Add(_reader.GetInterfaceImplementation(implementation).Interface);
        foreach (FieldDefinitionHandle field in type.GetFields())
            _reader.GetFieldDefinition(field).DecodeSignature(used, null);
        foreach (CustomAttributeHandle attribute in type.GetCustomAttributes())
            used.Add(_reader.GetCustomAttribute(attribute).Constructor);
        foreach (MethodDefinitionHandle method in type.GetMethods())
            Visit(_reader.GetMethodDefinition(method), used);

        foreach (TypeDefinitionHandle other in used.Found)
            _uses.Add((_names[handle], _names[other]));
    }

    private void Visit(MethodDefinition method, UsedTypes used)
    {
        method.DecodeSignature(used, null);
        if (method.RelativeVirtualAddress == 0)
            return;

        MethodBodyBlock body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(used, null);
        foreach (ExceptionRegion region in body.ExceptionRegions)
            used.Add(region.CatchType);
        foreach ((OpCode code, int token) in Instructions.Of(body.GetILBytes()!))
        {
            if (code.OperandType != OperandType.InlineString)
                used.Add(MetadataTokens.EntityHandle(token));
        }
    }
}

/// <param name="FromFolder">The folder of the type that uses another.</param>
/// <param name="From">That type.</param>
/// <param name="ToFolder">The folder of the type that is used.</param>
/// <param name="To">That type.</param>
internal sealed record TypeUse(string FromFolder, string From, string ToFolder, string To);
