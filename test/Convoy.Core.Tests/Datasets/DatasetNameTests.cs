using Convoy.Core.Datasets;
using CsCheck;

namespace Convoy.Core.Tests.Datasets;

public sealed class DatasetNameTests
{
    [Theory]
    [InlineData("kitti", "kitti@latest")]
    [InlineData("kitti@v3", "kitti@v3")]
    [InlineData("kitti-2@stable.1", "kitti-2@stable.1")]
    [InlineData("kitti@v03", "kitti@v03")]
    public void A_reference_names_a_version_or_a_tag(string text, string read)
    {
        DatasetReference.TryParse(text, out var reference).ShouldBeTrue();
        reference.ToString().ShouldBe(read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("@v3")]
    [InlineData("kitti@")]
    [InlineData("Kitti")]
    [InlineData("-kitti")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("kitti@v3@v4")]
    [InlineData("kitti@../x")]
    [InlineData("kitti@.hidden")]
    public void What_is_no_name_is_refused(string text) => DatasetReference.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_version_reads_as_it_is_written() => Gen.Int[1, int.MaxValue].Sample(number =>
    {
        var parsed = DatasetVersion.TryParse(new DatasetVersion(number).ToString(), out var version);
        (!parsed || version.Number == number).ShouldBeTrue();
        parsed.ShouldBe(number < 1_000_000_000);
        DatasetTag.TryParse($"v{number}", out _).ShouldBe(!parsed);
    });

    [Theory]
    [InlineData("v0")]
    [InlineData("v")]
    [InlineData("3")]
    [InlineData("v99999999999")]
    public void What_is_no_version_is_refused(string text) => DatasetVersion.TryParse(text, out _).ShouldBeFalse();

    /// <summary>RFC 3720, B.4.</summary>
    [Fact]
    public void The_checksum_is_the_standards()
    {
        Crc32C.Of(new byte[32]).ShouldBe(0x8A9136AAu);
        Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]).ShouldBe(0x62A8AB43u);
        Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]).ShouldBe(0x46DD794Eu);
        Crc32C.Append(Crc32C.Of("hello "u8), "world"u8).ShouldBe(Crc32C.Of("hello world"u8));
    }
}
