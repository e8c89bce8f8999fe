using Convoy.Clusters.Kubernetes;
using CsCheck;
using k8s.Models;

namespace Convoy.Clusters.Tests.Kubernetes;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("500m", 1, 500)]
    [InlineData("64", 64, 64_000)]
    [InlineData("0.1", 1, 100)]
    [InlineData("1.5Gi", 1_610_612_736, 1_610_612_736_000)]
    [InlineData("2e3", 2000, 2_000_000)]
    [InlineData("1E", 1_000_000_000_000_000_000, 1_000_000_000_000_000_000)]
    [InlineData("100u", 1, 1)]
    [InlineData("-3", 0, 0)]
    [InlineData("", 0, 0)]
    [InlineData("3x", 0, 0)]
    [InlineData(null, 0, 0)]
    public void An_amount_is_read_as_kubernetes_reads_it(string? text, long units, long thousandths)
    {
        Quantity.Units(text).ShouldBe(units);
        if (text != "1E") Quantity.Thousandths(text).ShouldBe(thousandths);
    }

    [Fact]
    public void Whatever_the_official_client_reads_is_read_the_same() =>
        Gen.Select(Gen.Int[0, 99_999], Gen.Int[0, 3], Gen.OneOf(Gen.Const(""), Gen.Const("m"), Gen.Const("k"), Gen.Const("M"), Gen.Const("G"), Gen.Const("Ki"), Gen.Const("Mi"), Gen.Const("Gi"), Gen.Const("Ti"))).Sample((number, decimals, suffix) =>
        {
            var text = (number / (decimal)Math.Pow(10, decimals)).ToString(System.Globalization.CultureInfo.InvariantCulture) + suffix;
            return Quantity.TryParse(text, out var amount) && amount == new ResourceQuantity(text).ToDecimal();
        });

    [Fact]
    public void Nothing_that_is_no_amount_breaks_it() => Gen.String.Sample(text =>
    {
        Quantity.Units(text);
        Quantity.Thousandths(text);
    });
}
