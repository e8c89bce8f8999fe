using Convoy.Objects.Disk;

namespace Convoy.Objects.Tests.Buckets;

public sealed class DiskBucketTests : BucketContract, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Scratch scratch = new();
    private DiskBucket? bucket;

    protected override IBucket Bucket => bucket ??= new DiskBucket(Root);

    private string Root => Path.Combine(scratch.Folder, "bucket");

    private string Unfinished => Path.Combine(Root, ".unfinished");

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task Objects_are_files_that_the_platform_alone_can_read()
    {
        await Bucket.PutAsync("runs/7/model.bin", "x");
        var file = Path.Combine(Root, "runs+", "7+", "model.bin");
        File.GetUnixFileMode(file).ShouldBe(OwnerOnly);
        for (var folder = Path.GetDirectoryName(file)!; folder != scratch.Folder; folder = Path.GetDirectoryName(folder)!)
        {
            File.GetUnixFileMode(folder).ShouldBe(OwnerOnly | UnixFileMode.UserExecute);
        }

        File.GetUnixFileMode(Unfinished).ShouldBe(OwnerOnly | UnixFileMode.UserExecute);
        Directory.EnumerateFileSystemEntries(Unfinished).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_folder_goes_with_the_last_that_was_in_it()
    {
        await Bucket.PutAsync("a/b/c", "x");
        await Bucket.PutAsync("a/d", "x");
        await Bucket.RemoveAsync("a/b/c", default);
        Directory.GetDirectories(Root).ShouldBe([Unfinished, Path.Combine(Root, "a+")], ignoreOrder: true);
        Directory.GetDirectories(Path.Combine(Root, "a+")).ShouldBeEmpty();
        await Bucket.RemoveAsync("a/d", default);
        Directory.GetDirectories(Root).ShouldBe([Unfinished]);
    }

    [Fact]
    public async Task A_folder_that_goes_while_it_is_put_into_fails_no_put()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 100; round++)
            {
                await Bucket.PutAsync($"a/b/{i}", "x");
                (await Bucket.ReadTextAsync($"a/b/{i}")).ShouldBe("x");
                await Bucket.RemoveAsync($"a/b/{i}", default);
            }
        })));
        (await Bucket.NamesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_left_unfinished_goes_after_a_day()
    {
        await Bucket.PutAsync("a", "x");
        foreach (var (name, hours) in new[] { ("old", 25), ("young", 23) })
        {
            await File.WriteAllTextAsync(Path.Combine(Unfinished, name), "half");
            File.SetLastWriteTimeUtc(Path.Combine(Unfinished, name), DateTime.UtcNow - TimeSpan.FromHours(hours));
        }

        var later = new DiskBucket(Root);
        Directory.GetFiles(Unfinished).Select(Path.GetFileName).ShouldBe(["young"]);
        (await later.NamesAsync()).ShouldBe(["a"]);
        (await later.ReadTextAsync("a")).ShouldBe("x");
    }

    [Fact]
    public async Task What_no_bucket_made_is_not_listed()
    {
        await Bucket.PutAsync("a/b", "x");
        await File.WriteAllTextAsync(Path.Combine(Root, "not one"), "");
        await File.WriteAllTextAsync(Path.Combine(Root, ".hidden"), "");
        Directory.CreateDirectory(Path.Combine(Root, "lost+found"));
        await File.WriteAllTextAsync(Path.Combine(Root, "lost+found", "a"), "");
        (await Bucket.NamesAsync()).ShouldBe(["a/b"]);
    }

    [Fact]
    public async Task A_disk_that_fails_is_the_storage_failing()
    {
        await Bucket.PutAsync("a", "x");
        File.Delete(Path.Combine(Root, "a"));
        Directory.CreateDirectory(Path.Combine(Root, "a", "in-the-way"));
        await Should.ThrowAsync<ObjectStoreException>(() => Bucket.PutAsync("a", "y"));
        Directory.EnumerateFileSystemEntries(Unfinished).ShouldBeEmpty();
    }

    [Fact]
    public void There_is_no_link() => Bucket.LinkTo("a", TimeSpan.FromMinutes(1)).ShouldBeNull();
}
