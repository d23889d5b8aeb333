namespace ResizeLora.Testing.Hostile;

/// <summary>Texts that have broken parsers, terminals and file systems, as they stand in JSON.</summary>
internal static class HostileText
{
    /// <summary>What may stand where a value is expected; most of it is not valid JSON at all.</summary>
    public static IReadOnlyList<string> Values { get; } =
    [
        "0", "-0", "1", "-1", "8", "00", "01", "+1", ".5", "1.", "0x10", "1_000", "1e", "-",
        "1.0", "1.5", "1e0", "1E+2", "1e400", "-1e400", "1e-400", "1e999999999999",
        "4294967296", "3037000500", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
        new('9', 400), "NaN", "Infinity", "-Infinity",
        "null", "true", "false", "nul", "undefined", "[]", "{}", "[[]]", "[0]", "[null]", "{\"\":0}", "{\"a\":1,\"a\":2}",
        "\"\"", "\"0\"", "\"8\"", "\"F32\"", "\"f32\"", "\"F99\"", "\"F4\"", "\"F6_E2M3\"", "\"I4\"", "\"U64\"", "\"BOOL\"", "\"13\"",
        "'F32'", "\"unended", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u0000\"", "\"\0\"", "\"\t\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"",
        "\"\\u001b]0;title\\u0007\"", "/* comment */0", "// comment", "", " ", "\n\r\t 0", "\u00a00", "\ufeff0",
        Nested('[', ']', 15), Nested('[', ']', 200), new string('[', 3000), new string('{', 50), "{\"a\":" + Nested('[', ']', 20) + "}",
        $"[{string.Join(',', Enumerable.Repeat("1", 2000))}]",
        $"[{string.Join(',', Enumerable.Repeat("9223372036854775807", 30))}]",
        "[10000000]", "[10000000,10000000]", "[4294967296,4294967296]", "[3037000500,3037000500,2]", "[0,9223372036854775807]", "[9223372036854775807,0]",
        "[2305843009213693951,0]", "[1152921504606846976,8,0]", "[0,0]", "[8,0]", "[0,8,8]", "[-8,0]", "[0,1e1]", "[0,8.0]", "[\"0\",\"8\"]",
    ];

    /// <summary>What may stand where a name is expected.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "\"\"", "\"__metadata__\"", "\"\\u005f_metadata__\"", "\"dtype\"", "\"\\u0064type\"", "\"shape\"", "\"data_offsets\"", "\"DTYPE\"",
        "\"../../etc/passwd\"", "\"/dev/null\"", "\"..\\\\..\\\\win.ini\"", "\"C:\\\\x\"", "\"a/b\"", "\"CON\"", "\"x\\u0000y\"", "\"\\n\\r\\n\"",
        "\"\\u001b[2J\\u001b]0;x\\u0007\"", "\"\\u009b31m\"", "\"\\u202egpj.exe\"", "\"\\u2028\"", "\"\\ufeff\"", "\"\\ud800\"", "\"\\udfff.x\"", "\"\ud83d\ude00\"",
        "\"$(Get-Date)`n\"", "\"x'; Get-Date; '\"", "\"'\"", "\"%s%n{0}\"", "\"__proto__\"", "name", "'name'", "0", "null", "\"a\":\"b\"", "\"unended", "",
        "\"a.lora_up.weight\"", "\".lora_up.weight\"", "\"a.alpha\"", "\"a.hada_w1\"", "\"a.dora_scale\"", "\":up\"", "\":down\"",
        $"\"{new string('n', 1000)}\"", $"\"{string.Concat(Enumerable.Repeat("\\u001b", 200))}\"",
    ];

    public static string Nested(char opening, char closing, int depth) => new string(opening, depth) + new string(closing, depth);
}
