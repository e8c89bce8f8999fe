using System.Text.Json;
using Convoy.Objects.S3;

namespace Convoy.Objects.Tests.Buckets;

public sealed class S3OptionsTests
{
    private static readonly S3Options Sound = new() { Endpoint = new Uri("https://s3.example.org"), Bucket = "convoy", AccessKey = "access", SecretKey = "hush-hush" };

    [Fact]
    public void The_secret_key_is_neither_printed_nor_serialized()
    {
        Sound.ToString().ShouldContain("access");
        Sound.ToString().ShouldNotContain("hush");
        JsonSerializer.Serialize(Sound).ShouldNotContain("hush");
    }

    [Fact]
    public void What_cannot_be_is_told_when_the_bucket_is_opened()
    {
        S3Options[] wrong =
        [
            Sound with { Endpoint = new Uri("ftp://s3.example.org") }, Sound with { Bucket = "" }, Sound with { AccessKey = "" }, Sound with { SecretKey = "" }, Sound with { Prefix = "a" },
            Sound with { Prefix = "../" }, Sound with { Prefix = "/" }, Sound with { Tries = 0 }, Sound with { StallTimeout = TimeSpan.Zero }, Sound with { BufferBytes = 1 << 20 },
        ];
        foreach (var options in wrong) Should.Throw<ArgumentException>(() => new S3Bucket(options, TimeProvider.System, new Random(1)), options.ToString());
        using var opened = new S3Bucket(Sound, TimeProvider.System, new Random(1));
    }
}
