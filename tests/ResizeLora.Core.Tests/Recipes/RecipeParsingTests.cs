using ResizeLora.Recipes;
using ResizeLora.Recipes.Rules;

namespace ResizeLora.Core.Tests.Recipes;

public class RecipeParsingTests
{
    [Theory]
    [InlineData("spn_ckpt")]
    [InlineData("spn_lora")]
    [InlineData("fro_ckpt")]
    [InlineData("fro_lora")]
    [InlineData("subspace")]
    [InlineData("params")]
    public void Every_score_key_is_known_and_a_bare_one_means_1(string key)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse($"{key},thr=-1");
        Assert.Equal([new(key, 1)], recipe.Weights);
        Assert.Equal(ResizeRecipe.Parse($"{key}=1,thr=-1"), recipe);
    }

    [Fact]
    public void Selection_keys_are_read()
    {
        ResizeRecipe recipe = ResizeRecipe.Parse("spn_lora=1,thr=-1.25,size=32.5,rescale=0.5");
        Assert.Equal(-1.25, recipe.Threshold);
        Assert.Equal(32.5, recipe.SizeMiB);
        Assert.Equal(0.5, recipe.Rescale);
    }

    [Fact]
    public void What_is_not_given_is_null_and_rescale_is_1()
    {
        Assert.Null(ResizeRecipe.Parse("spn_lora,thr=0").SizeMiB);
        Assert.Null(ResizeRecipe.Parse("spn_lora,size=1").Threshold);
        Assert.Equal(1, ResizeRecipe.Parse("spn_lora,size=1").Rescale);
    }

    [Fact]
    public void Weights_are_divided_by_their_sum()
    {
        ResizeRecipe recipe = ResizeRecipe.Parse("fro_ckpt=3,fro_lora=1,thr=-1.7");
        Assert.Equal(0.75, recipe.Weights["fro_ckpt"]);
        Assert.Equal(0.25, recipe.Weights["fro_lora"]);
    }

    [Fact]
    public void A_negative_weight_is_a_penalty_as_long_as_the_sum_is_positive()
    {
        ResizeRecipe recipe = ResizeRecipe.Parse("spn_ckpt=1,subspace=-0.2,thr=-1.2");
        Assert.Equal(1.25, recipe.Weights["spn_ckpt"], 12);
        Assert.Equal(-0.25, recipe.Weights["subspace"], 12);
    }

    [Fact]
    public void A_weight_of_zero_counts_for_nothing()
    {
        ResizeRecipe recipe = ResizeRecipe.Parse("spn_lora=1,spn_ckpt=0,thr=-1");
        Assert.Equal(["spn_lora"], recipe.Weights.Keys);
        Assert.False(recipe.NeedsCheckpoint);
    }

    [Theory]
    [InlineData("spn_ckpt = 1 , thr = -1.2")]
    [InlineData(" spn_ckpt=1, thr=-1.2 ")]
    [InlineData("thr=-1.2,spn_ckpt")]
    [InlineData("spn_ckpt=1.0,thr=-12e-1,rescale=1")]
    public void Spaces_order_and_spelling_of_numbers_do_not_matter(string text) =>
        Assert.Equal(ResizeRecipe.Default, ResizeRecipe.Parse(text));

    [Theory]
    [InlineData("spn_ckpt=2,thr=-1.2")]
    [InlineData("spn_ckpt=1,thr=-1.3")]
    [InlineData("spn_ckpt=1,thr=-1.2,size=3")]
    [InlineData("spn_ckpt=1,thr=-1.2,rescale=2")]
    [InlineData("fro_ckpt=1,thr=-1.2")]
    public void Recipes_that_differ_are_not_equal(string text) => Assert.NotEqual(ResizeRecipe.Default, ResizeRecipe.Parse(text));

    [Fact]
    public void Several_recipes_are_separated_by_colons()
    {
        IReadOnlyList<ResizeRecipe> recipes = RecipeParser.ParseAll("spn_ckpt=1,thr=-1.2: spn_lora,size=32");
        Assert.Equal([ResizeRecipe.Default, ResizeRecipe.Parse("spn_lora=1,size=32")], recipes);
    }

    [Theory]
    [InlineData("spn_ckpt,thr=0", true)]
    [InlineData("fro_ckpt,thr=0", true)]
    [InlineData("subspace,thr=0", true)]
    [InlineData("spn_lora,subspace=-0.1,thr=0", true)]
    [InlineData("spn_lora,fro_lora,params,thr=0", false)]
    public void Only_references_of_the_base_need_a_checkpoint(string text, bool expected) =>
        Assert.Equal(expected, ResizeRecipe.Parse(text).NeedsCheckpoint);

    [Theory]
    [InlineData("subspace,thr=0", true)]
    [InlineData("spn_ckpt,thr=0", false)]
    [InlineData("spn_ckpt,subspace=0,thr=0", false)]
    public void Only_a_weight_of_subspace_needs_subspace(string text, bool expected) =>
        Assert.Equal(expected, ResizeRecipe.Parse(text).NeedsSubspace);

    [Fact]
    public void A_recipe_prints_its_keys_in_one_order_with_the_weights_as_given() => Assert.Equal(
        "spn_ckpt=3,params=1,thr=-1.5,size=32,rescale=0.5",
        ResizeRecipe.Parse("rescale=0.5,size=32,thr=-1.5,params,spn_ckpt=3").ToString());

    [Theory]
    [InlineData("32", 33_554_432, "32")]
    [InlineData("32MiB", 33_554_432, "32")]
    [InlineData("0.5GiB", 536_870_912, "512")]
    [InlineData("512 KiB", 524_288, "0.5")]
    [InlineData("32MB", 32_000_000, "32MB")]
    [InlineData("32mb", 32_000_000, "32MB")]
    [InlineData("0.29GB", 290_000_000, "290MB")]
    [InlineData("500KB", 500_000, "0.5MB")]
    [InlineData("0.3MB", 300_000, "0.3MB")]
    [InlineData("8191", 8_588_886_016, "8191")]
    [InlineData("7.5GiB", 8_053_063_680, "7680")]
    [InlineData("\uFF13\uFF12MB", 32_000_000, "32MB")]
    public void A_size_is_in_MiB_or_has_a_unit(string size, long bytes, string printed)
    {
        ResizeRecipe recipe = ResizeRecipe.Parse($"spn_lora,size={size}");
        Assert.Equal(bytes, recipe.Rules.Select(rule => rule.Rule).OfType<SizeRule>().Single().Limit.Bytes);
        Assert.Equal(bytes, recipe.SizeMiB!.Value * (1 << 20));
        Assert.Equal($"spn_lora=1,size={printed}", recipe.Recipe);
        Assert.Equal(recipe, ResizeRecipe.Parse(recipe.Recipe));
    }

    [Theory]
    [InlineData("SPN_CKPT=1,Thr=-1.2")]
    [InlineData("spn_ckpt=1,thr=\u22121.2")]
    [InlineData("spn_ckpt=1,thr=\u20131.2")]
    [InlineData("spn_ckpt=1,thr=\uFF0D1.2")]
    [InlineData("spn_ckpt=\uFF11,thr=\uFF0D\uFF11\uFF0E\uFF12")]
    public void Case_and_typography_make_no_difference(string text) => Assert.Equal("spn_ckpt=1,thr=-1.2", ResizeRecipe.Parse(text).Recipe);

    [Fact]
    public void What_a_recipe_prints_parses_back_to_an_equal_recipe()
    {
        var random = new Random(20240607);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomRecipe(random);
            ResizeRecipe recipe = ResizeRecipe.Parse(text);
            ResizeRecipe again = ResizeRecipe.Parse(recipe.ToString());
            Assert.True(recipe.Equals(again), text);
            Assert.Equal(recipe.GetHashCode(), again.GetHashCode());
            Assert.Equal((recipe.Threshold, recipe.SizeMiB, recipe.Rescale), (again.Threshold, again.SizeMiB, again.Rescale));
        }
    }

    [Fact]
    public void Equal_recipes_have_the_same_weights_to_the_bit()
    {
        // Else the order in which keys are typed could decide whether a score reaches the threshold.
        string[] weights = ["spn_ckpt=0.1", "spn_lora=0.2", "fro_ckpt=0.3"];
        ResizeRecipe one = ResizeRecipe.Parse(string.Join(',', weights) + ",thr=0");
        ResizeRecipe other = ResizeRecipe.Parse(string.Join(',', weights.Reverse()) + ",thr=0");
        Assert.Equal(one, other);
        Assert.Equal(one.Score.Weights, other.Score.Weights);
    }

    private static string RandomRecipe(Random random)
    {
        // The first weight outweighs the penalties, so that the sum is positive.
        string[] units = ["KB", "MB", "KiB", "MiB", " MiB", "mb"];
        string[] keys = [.. RecipeKey.All.OfType<ScoreReference>().Select(key => key.Name)];
        random.Shuffle(keys);
        List<string> items = [random.Next(4) == 0 ? keys[0] : $"{keys[0]}={Number(6 + random.NextDouble())}"];
        items.AddRange(keys.Skip(1).Take(random.Next(keys.Length)).Select(key => $"{key}={Number((random.NextDouble() - 0.15) * 0.2)}"));
        int selection = random.Next(1, 4);
        if ((selection & 1) != 0)
            items.Add($"thr={Number((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-20, 20)))}");
        if ((selection & 2) != 0)
            items.Add($"size={Number(random.NextDouble() * Math.Pow(10, random.Next(-5, 5)) / 2 + 1e-9)}{(random.Next(2) == 0 ? string.Empty : units[random.Next(units.Length)])}");
        if (random.Next(2) == 0)
            items.Add($"rescale={Number(random.NextDouble() + 1e-6)}");
        string[] shuffled = [.. items];
        random.Shuffle(shuffled);
        return string.Join(random.Next(2) == 0 ? "," : ", ", shuffled);
    }

    private static string Number(double value) => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
