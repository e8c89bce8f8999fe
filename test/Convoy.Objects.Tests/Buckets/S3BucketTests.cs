using System.Net;
using Amazon.S3.Model;
using Convoy.Objects.S3;
using S3Bucket = Convoy.Objects.S3.S3Bucket;

namespace Convoy.Objects.Tests.Buckets;

/// <summary>Those that need a store that speaks S3 share one.</summary>
[CollectionDefinition(Name)]
public sealed class S3World : ICollectionFixture<RadosGateway>
{
    public const string Name = "S3";
}

[Collection(S3World.Name)]
public sealed class S3BucketTests : BucketContract, IDisposable
{
    private readonly RadosGateway store;
    private readonly string prefix = $"{Guid.NewGuid():n}/";
    private readonly S3Bucket? bucket;

    public S3BucketTests(RadosGateway store)
    {
        this.store = store;
        if (store.Missing is null) bucket = new S3Bucket(store.Options(prefix), TimeProvider.System, new Random(1));
    }

    protected override long LargeBytes => (200L << 20) + 1;

    protected override IBucket Bucket
    {
        get
        {
            if (store.Missing is { } reason) Assert.Skip(reason);
            return bucket!;
        }
    }

    public void Dispose() => bucket?.Dispose();

    [Fact]
    public async Task Who_has_the_link_can_read_and_no_one_else()
    {
        await Bucket.PutAsync("a/b", "for anybody");
        var link = Bucket.LinkTo("a/b", TimeSpan.FromMinutes(5))!;
        using var http = new HttpClient();
        (await http.GetStringAsync(link)).ShouldBe("for anybody");
        (await http.GetAsync(new UriBuilder(link) { Query = "" }.Uri)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await http.GetAsync(link.AbsoluteUri.Replace("/a/b", "/a/c", StringComparison.Ordinal))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_link_of_more_than_a_week_is_refused()
    {
        await Bucket.PutAsync("a", "x");
        Should.Throw<ArgumentOutOfRangeException>(() => Bucket.LinkTo("a", TimeSpan.FromDays(8)));
    }

    [Fact]
    public async Task A_large_put_that_breaks_off_leaves_no_parts()
    {
        await Should.ThrowAsync<IOException>(() => Bucket.PutAsync("a", new NoiseStream(1, LargeBytes, LargeBytes - 1000), LargeBytes, default));
        var parts = await store.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = store.Bucket, Prefix = prefix });
        (parts.MultipartUploads ?? []).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_others_put_into_the_bucket_is_not_listed()
    {
        await Bucket.PutAsync("a", "x");
        foreach (var key in new[] { $"{prefix}folder/", $"{prefix}with blank", $"{prefix[..^1]}-beside" }) await store.Client.PutObjectAsync(new PutObjectRequest { BucketName = store.Bucket, Key = key, ContentBody = "y", UseChunkEncoding = false, DisableDefaultChecksumValidation = true });
        (await Bucket.NamesAsync()).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_wrong_key_is_told_at_once_and_does_not_look_like_an_absent_object()
    {
        await Bucket.PutAsync("a", "x");
        using var stranger = new S3Bucket(store.Options(prefix) with { SecretKey = "wrong", Tries = 1000 }, TimeProvider.System, new Random(1));
        (await Should.ThrowAsync<ObjectStoreException>(() => stranger.PutAsync("a", "y"))).Message.ShouldContain("SignatureDoesNotMatch");
        await Should.ThrowAsync<ObjectStoreException>(() => stranger.FindAsync("a", default));
        await Should.ThrowAsync<ObjectStoreException>(() => stranger.ReadAsync("a", 0, 1, default));
        await Should.ThrowAsync<ObjectStoreException>(() => stranger.NamesAsync());
        await Should.ThrowAsync<ObjectStoreException>(() => stranger.RemoveAsync("a", default));
        (await Bucket.ReadTextAsync("a")).ShouldBe("x");
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_does_not_look_like_an_empty_one()
    {
        await Bucket.PutAsync("a", "x");
        using var absent = new S3Bucket(store.Options(prefix) with { Bucket = "absent", Tries = 1000 }, TimeProvider.System, new Random(1));
        await Should.ThrowAsync<ObjectStoreException>(() => absent.ReadAsync("a", 0, 1, default));
        await Should.ThrowAsync<ObjectStoreException>(() => absent.NamesAsync());
        await Should.ThrowAsync<ObjectStoreException>(() => absent.PutAsync("a", "y"));
    }

    [Fact]
    public async Task More_puts_than_fit_into_memory_wait_for_each_other()
    {
        await Bucket.PutAsync("a", "x");
        using var tight = new S3Bucket(store.Options(prefix) with { BufferBytes = 64L << 20 }, TimeProvider.System, new Random(1));
        const int Bytes = 24 << 20;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => tight.PutAsync($"{i}", new NoiseStream(i, Bytes), Bytes, default))));
        for (var i = 0; i < 4; i++) (await tight.ReadAsync($"{i}"))!.SequenceEqual(NoiseStream.Of(i, Bytes)).ShouldBeTrue();
    }
}
