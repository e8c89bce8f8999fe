using System.Security.Cryptography;
using Convoy.Objects.Disk;
using Convoy.Objects.Sealed;

namespace Convoy.Objects.Tests.Buckets;

public sealed class SealedBucketTests : BucketContract, IDisposable
{
    private static readonly byte[] Key = SHA256.HashData("a key"u8);

    private readonly Scratch scratch = new();
    private DiskBucket? inner;

    protected override IBucket Bucket => new SealedBucket(Inner, Key);

    protected override bool IsReplaceable => false;

    private DiskBucket Inner => inner ??= new DiskBucket(Path.Combine(scratch.Folder, "bucket"));

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task What_lies_in_the_bucket_is_not_the_text()
    {
        var text = new byte[100_000];
        await Bucket.PutAsync("a", text);
        await Bucket.PutAsync("b", text);
        var (a, b) = ((await Inner.ReadAsync("a"))!, (await Inner.ReadAsync("b"))!);
        a.Length.ShouldBe(text.Length);

        // Of zeros, what is left are the pads: none shows a pattern, and no two names share one.
        a.Chunk(16).Concat(b.Chunk(16)).Select(Convert.ToHexString).ShouldBeUnique();
        (await new SealedBucket(Inner, SHA256.HashData("another key"u8)).ReadAsync("a"))!.ShouldNotBe(text);
        (await Bucket.ReadAsync("a"))!.ShouldBe(text);
    }

    [Fact]
    public void There_is_no_link_to_what_nobody_can_read() => Bucket.LinkTo("a", TimeSpan.FromMinutes(1)).ShouldBeNull();

    [Fact]
    public void A_key_has_thirty_two_bytes() => Should.Throw<ArgumentException>(() => new SealedBucket(Inner, new byte[16]));
}
