using ResizeLora.Core.Tests.Support;
using ResizeLora.Recipes;

namespace ResizeLora.Core.Tests.Recipes;

/// <summary>Positions count from 1.</summary>
public class RecipeErrorTests
{
    [Theory]
    [InlineData("spn_chpt=1,thr=-1", 1, "spn_chpt", "spn_ckpt")]
    [InlineData("thr=-1, spn_chpt", 9, "spn_chpt", "spn_ckpt")]
    [InlineData("spn_ckpt,thr=-1:spn_lora,thrs=-1", 26, "thrs", "thr")]
    [InlineData("SPN_CHPT=1,thr=-1", 1, "SPN_CHPT", "spn_ckpt")]
    [InlineData("spn_ckpt=1,Threshold=-1", 12, "Threshold", "thr")]
    [InlineData("spn_ckpt=1,siz=3", 12, "siz", "size")]
    [InlineData("spn_ckpt=1,thr=1,scale=3", 18, "scale", "rescale")]
    public void An_unknown_key_is_named_with_what_may_have_been_meant(string text, int position, string key, string suggestion) => Refusal.Of(
        "RecipeUnknownKey",
        () => RecipeParser.ParseAll(text),
        $"position {position}:", $"'{key}'", $"did you mean '{suggestion}'?",
        string.Join(", ", RecipeKey.All.Select(known => known.Name)));

    [Fact]
    public void Nothing_is_suggested_for_a_word_that_is_far_from_every_key()
    {
        ResizeLoraException exception = Refusal.Of("RecipeUnknownKey", () => ResizeRecipe.Parse("completely_different=1,thr=-1"));
        Assert.DoesNotContain("did you mean", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spn_ckpt=,thr=-1", 1, "spn_ckpt")]
    [InlineData("spn_ckpt= ,thr=-1", 1, "spn_ckpt")]
    [InlineData("spn_ckpt,thr", 10, "thr")]
    [InlineData("spn_ckpt,thr=", 10, "thr")]
    [InlineData("spn_ckpt,thr=1, size", 17, "size")]
    [InlineData("spn_ckpt,thr=1,rescale", 16, "rescale")]
    public void A_missing_value_is_named(string text, int position, string key) => Refusal.Of(
        "RecipeEmptyValue", () => ResizeRecipe.Parse(text), $"position {position}:", $"'{key}'");

    [Theory]
    [InlineData("spn_ckpt=NaN,thr=-1", 10, "NaN")]
    [InlineData("spn_ckpt,thr=nan", 14, "nan")]
    [InlineData("spn_ckpt=Infinity,thr=-1", 10, "Infinity")]
    [InlineData("spn_ckpt,thr=-inf", 14, "-inf")]
    [InlineData("spn_ckpt,thr=-\u221E", 14, "-\u221E")]
    [InlineData("spn_ckpt,thr=1e999", 14, "1e999")]
    [InlineData("spn_ckpt,thr=0x10", 14, "0x10")]
    [InlineData("spn_ckpt,size=1 000", 15, "1 000")]
    [InlineData("spn_ckpt,thr=1=2", 14, "1=2")]
    [InlineData("spn_ckpt,thr=(1)", 14, "(1)")]
    public void What_is_no_finite_number_is_named(string text, int position, string value) => Refusal.Of(
        "RecipeNotANumber", () => ResizeRecipe.Parse(text), $"position {position}:", $"'{value}'");

    [Fact]
    public void The_position_of_a_bad_number_is_where_the_number_begins() => Refusal.Of(
        "RecipeNotANumber", () => ResizeRecipe.Parse("spn_ckpt, thr = x1"), "position 17:", "'x1'");

    [Theory]
    [InlineData("spn_ckpt,size=0", "size", "0")]
    [InlineData("spn_ckpt,size=-3", "size", "-3")]
    [InlineData("spn_ckpt,thr=1,rescale=0", "rescale", "0")]
    [InlineData("spn_ckpt,thr=1,rescale=-1", "rescale", "-1")]
    [InlineData("spn_ckpt,thr=1,rescale=1e-999", "rescale", "1e-999")]
    public void Size_and_rescale_must_be_positive(string text, string key, string value) => Refusal.Of(
        "RecipeNotPositive", () => ResizeRecipe.Parse(text), $"'{key}'", value, $"position {text.LastIndexOf('=') + 2}:");

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1,2", 16, "-1,2", "-1.2")]
    [InlineData("spn_ckpt=0,5,thr=-1", 10, "0,5", "0.5")]
    [InlineData("spn_ckpt=1,size=0,5GiB", 17, "0,5GiB", "0.5GiB")]
    [InlineData("spn_ckpt=1,thr=-1, 2", 16, "-1,2", "-1.2")]
    public void A_decimal_comma_gets_the_word_for_it(string text, int position, string value, string meant) => Refusal.Of(
        "RecipeNotANumber", () => ResizeRecipe.Parse(text), $"position {position}:", $"'{value}'", $"write decimals with a point, {meant}.");

    [Theory]
    [InlineData("spn_ckpt,size=33554432", 15, "33554432", "Did you mean 32MB?", "'32MB'", "8192 MiB")]
    [InlineData("spn_ckpt,size=536870912", 15, "536870912", "Did you mean 512MB?", "in quotes")]
    [InlineData("spn_ckpt,size=65536", 15, "65536", "in quotes, '64KB'")]
    [InlineData("spn_ckpt,size=40960", 15, "40960", "'40KB'")]
    [InlineData("spn_ckpt,size=16384", 15, "16384", "'16KB'")]
    [InlineData("spn_ckpt,size=8192", 15, "8192", "'8KB'")]
    [InlineData("spn_ckpt,size=8192.01", 15, "8192.01", "MiB")]
    [InlineData("spn_ckpt,size=8GiB", 15, "8GiB", "8192 MiB")]
    [InlineData("spn_ckpt,size=1000GB", 15, "1000GB", "8192 MiB")]
    public void A_size_beyond_reason_is_refused_with_what_may_have_been_meant(string text, int position, string value, params string[] mentions) => Refusal.Of(
        "RecipeSizeTooLarge", () => ResizeRecipe.Parse(text), [$"position {position}:", $"'{value}'", .. mentions]);

    [Theory]
    [InlineData("32TB")]
    [InlineData("32 M")]
    [InlineData("MB")]
    [InlineData("32MBx")]
    public void A_unit_that_is_none_is_named_with_those_there_are(string value) => Refusal.Of(
        "RecipeNotANumber", () => ResizeRecipe.Parse($"spn_ckpt,size={value}"), $"'{value}'", "KB, MB, GB (powers of 1000)", "KiB, MiB, GiB (powers of 1024)");

    [Fact]
    public void A_unit_is_for_sizes_only() => Refusal.Of("RecipeNotANumber", () => ResizeRecipe.Parse("spn_ckpt,thr=1MB"), "'1MB'");

    [Theory]
    [InlineData("spn_ckpt=1,spn_ckpt=2,thr=-1", 12, "spn_ckpt")]
    [InlineData("spn_ckpt,thr=-1,thr=-1", 17, "thr")]
    [InlineData("spn_ckpt,size=1, size=2", 18, "size")]
    [InlineData("spn_ckpt=0,thr=1,spn_ckpt", 18, "spn_ckpt")]
    public void A_repeated_key_is_refused(string text, int position, string key) => Refusal.Of(
        "RecipeRepeatedKey", () => ResizeRecipe.Parse(text), $"position {position}:", $"'{key}'");

    [Theory]
    [InlineData("", 1)]
    [InlineData("   ", 1)]
    [InlineData("spn_ckpt,thr=1:", 16)]
    [InlineData(":spn_ckpt,thr=1", 1)]
    [InlineData("spn_ckpt,thr=1::spn_ckpt,thr=2", 16)]
    public void An_empty_recipe_is_refused(string text, int position) => Refusal.Of(
        "RecipeEmpty", () => RecipeParser.ParseAll(text), $"position {position}:");

    [Theory]
    [InlineData("spn_ckpt,,thr=1", 10)]
    [InlineData(",spn_ckpt,thr=1", 1)]
    [InlineData("spn_ckpt,thr=1,", 16)]
    public void A_comma_without_a_key_is_refused(string text, int position) => Refusal.Of(
        "RecipeEmptyItem", () => ResizeRecipe.Parse(text), $"position {position}:");

    [Theory]
    [InlineData("=1,thr=1")]
    [InlineData("spn_ckpt=1;thr=1")]
    [InlineData("spn ckpt=1,thr=1")]
    public void What_is_no_key_is_unknown(string text) =>
        Assert.Contains(Assert.Throws<ResizeLoraException>(() => ResizeRecipe.Parse(text)).ErrorId, new[] { "RecipeUnknownKey", "RecipeNotANumber" });

    [Fact]
    public void A_recipe_without_selection_is_refused_with_the_remedy() => Refusal.Of(
        "RecipeNoSelection", () => ResizeRecipe.Parse("spn_ckpt=1"), "spn_ckpt=1", "thr=", "size=");

    [Fact]
    public void Rescale_alone_is_no_selection() => Refusal.Of("RecipeNoSelection", () => ResizeRecipe.Parse("spn_ckpt=1,rescale=2"));

    [Theory]
    [InlineData("thr=1")]
    [InlineData("spn_ckpt=0,thr=1")]
    [InlineData("spn_ckpt=-1,thr=1")]
    [InlineData("spn_ckpt=1,spn_lora=-1,thr=1")]
    [InlineData("spn_ckpt=1,spn_lora=-1.5,thr=1")]
    [InlineData("spn_ckpt=1e308,spn_lora=1e308,thr=1")]
    public void Weights_whose_sum_is_not_positive_and_finite_are_refused(string text) =>
        Refusal.Of("RecipeWeightSum", () => ResizeRecipe.Parse(text), "sum");

    [Theory]
    [InlineData("RecipeNoSelection", "spn_ckpt=1,thr=-1.2:spn_lora=1")]
    [InlineData("RecipeWeightSum", "spn_ckpt=1,thr=-1.2:spn_lora=-1,thr=0")]
    public void Among_several_recipes_the_offending_one_is_quoted(string errorId, string text) =>
        Refusal.Of(errorId, () => RecipeParser.ParseAll(text), $"'{text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..]}'");

    [Fact]
    public void Parse_wants_one_recipe() =>
        Refusal.Of("RecipeMoreThanOne", () => ResizeRecipe.Parse("spn_ckpt,thr=1:spn_ckpt,thr=2"));

    [Fact]
    public void Every_recipe_error_is_the_caller_s_argument_and_carries_the_text()
    {
        ResizeLoraException exception = Refusal.Of("RecipeUnknownKey", () => ResizeRecipe.Parse("x=1"));
        Assert.Equal(FaultKind.InvalidArgument, exception.Kind);
        Assert.Equal("x=1", exception.Target);
    }
}
