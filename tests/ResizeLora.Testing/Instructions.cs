using System.Reflection;
using System.Reflection.Emit;

namespace ResizeLora.Testing;

/// <summary>Reads the instructions of a method from its compiled code.</summary>
internal static class Instructions
{
    private const int TwoByteMark = 0xFE;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value & 0xFFFF);

    /// <summary>Each instruction that names something (a type, a member, a string) with the token of it.</summary>
    public static IEnumerable<(OpCode Code, int Token)> Of(byte[] body)
    {
        for (int position = 0; position < body.Length;)
        {
            int value = body[position++];
            if (value == TwoByteMark)
                value = (value << 8) | body[position++];
            OpCode code = Codes[value];
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineString)
                yield return (code, BitConverter.ToInt32(body, position));
            position += Length(code.OperandType, body, position);
        }
    }

    /// <summary>The methods that a method calls.</summary>
    public static IEnumerable<MethodBase> Calls(MethodBase method) => Named(method, OperandType.InlineMethod, (token, types, arguments) => method.Module.ResolveMethod(token, types, arguments)!);

    /// <summary>The texts that stand in a method.</summary>
    public static IEnumerable<string> Texts(MethodBase method) => Named(method, OperandType.InlineString, (token, _, _) => method.Module.ResolveString(token));

    private static IEnumerable<T> Named<T>(MethodBase method, OperandType kind, Func<int, Type[]?, Type[]?, T> resolve) =>
        Of(method.GetMethodBody()?.GetILAsByteArray() ?? [])
            .Where(instruction => instruction.Code.OperandType == kind)
            .Select(instruction => resolve(
                instruction.Token,
                method.DeclaringType?.GetGenericArguments(),
                method is MethodInfo { IsGenericMethod: true } ? method.GetGenericArguments() : null));

    private static int Length(OperandType operand, byte[] body, int position) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => sizeof(byte),
        OperandType.InlineVar => sizeof(short),
        OperandType.InlineI8 or OperandType.InlineR => sizeof(long),
        OperandType.InlineSwitch => sizeof(int) * (1 + BitConverter.ToInt32(body, position)),
        _ => sizeof(int),
    };
}
