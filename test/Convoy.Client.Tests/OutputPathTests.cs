namespace Convoy.Client.Tests;

public sealed class OutputPathTests
{
    [Theory]
    [InlineData("model.pt", "model.pt")]
    [InlineData("./model.pt", "model.pt")]
    [InlineData("ckpt", "ckpt/1/weights")]
    [InlineData("ckpt/", "ckpt/1")]
    [InlineData("ckpt//1", "ckpt/1")]
    [InlineData("*.pt", "model.pt")]
    [InlineData("ckpt-*", "ckpt-3/weights")]
    [InlineData("**/weights", "a/b/weights")]
    [InlineData("**", "a/b/weights")]
    [InlineData("epoch-[0-9]", "epoch-7")]
    [InlineData("\\*", "*")]
    [InlineData("模?型*", "模.型.pt")]
    public void A_name_means_a_file_or_all_in_a_folder(string named, string file)
    {
        var path = OutputPath.Parse(named).ShouldNotBeNull();
        path.Matches(file).ShouldBeTrue();
        file.ShouldStartWith(path.Prefix);
    }

    [Theory]
    [InlineData("model", "model.pt")]
    [InlineData("ckpt", "ckpt-1/weights")]
    [InlineData("ckpt/1", "ckpt")]
    [InlineData("*.pt", "deep/model.pt")]
    [InlineData("epoch-[0-9]", "epoch-12")]
    public void Nothing_else_is_meant(string named, string file) => OutputPath.Parse(named)!.Matches(file).ShouldBeFalse();

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("/model.pt")]
    [InlineData("../model.pt")]
    [InlineData("a/../../b")]
    public void What_is_not_below_the_folder_is_no_name(string named) => OutputPath.Parse(named).ShouldBeNull();

    [Fact]
    public void Only_a_name_that_is_no_pattern_names_a_file()
    {
        OutputPath.Parse("model.pt")!.Names("model.pt").ShouldBeTrue();
        OutputPath.Parse("model.*")!.Names("model.*").ShouldBeFalse();
        OutputPath.Parse("ckpt")!.Names("ckpt/1").ShouldBeFalse();
    }
}
