using System.Text.Json;
using ResizeLora.Adapters.Peft;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Peft;

public class PeftPatternTests
{
    public static TheoryData<string, string, string> Found
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            JsonElement cases = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(PeftSample.Folder, "patterns.json")));
            foreach (JsonElement item in cases.EnumerateArray())
                data.Add(item.GetProperty("patterns").GetRawText(), item.GetProperty("name").GetString()!, item.GetProperty("found").GetString()!);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void The_pattern_is_found_that_PEFT_finds(string patterns, string name, string found)
    {
        string[] texts = JsonSerializer.Deserialize<string[]>(patterns)!;

        double? number = new PeftPatterns(texts.Select((text, i) => KeyValuePair.Create(text, (double)i))).Find(name);

        // PEFT returns the name itself where no pattern fits, and looks that up.
        Assert.Equal(Array.IndexOf(texts, found) is >= 0 and var index ? index : null, number);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("[a")]
    [InlineData("*")]
    [InlineData(@"a\")]
    public void What_is_no_regular_expression_is_refused(string text) =>
        Assert.Contains("not a valid regular expression", Assert.Throws<FormatException>(() => new PeftPattern(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(a*)*b")]
    [InlineData("(a|a)*b")]
    [InlineData("((a+)+)+$b")]
    public void Patterns_that_take_others_for_ever_come_to_an_end(string text) => Assert.False(new PeftPattern(text).Fits(new string('a', 5000)));

    [Theory]
    [InlineData(@"(?=x)(a+)+b")]
    [InlineData(@"(?!x)(a|aa)+b")]
    public void Patterns_that_only_can_be_tried_out_are_given_up(string text)
    {
        var pattern = new PeftPattern(text);
        try
        {
            Assert.False(pattern.Fits(new string('a', 5000)));
        }
        catch (FormatException exception)
        {
            Assert.Contains("takes too long", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_pattern_longer_than_any_that_was_meant_is_refused() =>
        Assert.Throws<FormatException>(() => new PeftPattern(new string('(', 30_000) + new string(')', 30_000)));

    [Fact]
    public void Many_patterns_and_many_layers_are_looked_up_in_a_moment()
    {
        string[] names = [.. Enumerable.Range(0, 5000).Select(i => $"transformer_blocks.{i}.attn.to_q")];
        var patterns = new PeftPatterns(names.Select((name, i) => KeyValuePair.Create(name, (double)i)));

        Assert.Equal(Enumerable.Range(0, names.Length).Select(i => (double?)i), names.Select(patterns.Find));
    }
}
