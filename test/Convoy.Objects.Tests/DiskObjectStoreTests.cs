using System.Security.Cryptography;
using System.Text;
using Convoy.Objects.Disk;

namespace Convoy.Objects.Tests;

public sealed class DiskObjectStoreTests : IDisposable
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes("some code, packed");
    private static readonly string Name = Convert.ToHexStringLower(SHA256.HashData(Content));
    private readonly Scratch scratch = new();

    private DiskObjectStore Store => new(Path.Combine(scratch.Folder, "store"));

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task What_was_uploaded_is_read_back_and_is_private()
    {
        (await Append(0, Content)).State.ShouldBe(UploadState.Complete);
        (await Store.HasAsync(Name, default)).ShouldBeTrue();
        (await Read()).ShouldBe(Content);
        var file = Files().Single();
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(file)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task Who_knows_only_the_hash_does_not_come_by_the_object()
    {
        await Append(0, Content);
        (await Store.AppendUploadAsync("bob", Name, 1, Content.Length, new MemoryStream(Content[1..]), default)).ShouldBe(new UploadProgress(UploadState.OffsetMismatch, 0));
        (await Store.AppendUploadAsync("bob", Name, Content.Length, Content.Length, new MemoryStream(), default)).ShouldBe(new UploadProgress(UploadState.OffsetMismatch, 0));
        (await Store.AppendUploadAsync("bob", Name, 0, Content.Length, new MemoryStream(new byte[Content.Length]), default)).State.ShouldBe(UploadState.HashMismatch);
        (await Read()).ShouldBe(Content);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("ABCDEF")]
    public async Task A_name_that_is_no_hash_is_refused(string name) => await Should.ThrowAsync<ArgumentException>(() => Store.HasAsync(name, default));

    [Fact]
    public async Task An_upload_goes_on_where_it_ended_after_a_restart()
    {
        (await Append(0, Content[..5])).ShouldBe(new UploadProgress(UploadState.Unfinished, 5));
        (await Store.HasAsync(Name, default)).ShouldBeFalse();
        (await Store.GetUploadOffsetAsync("ann", Name, default)).ShouldBe(5);
        (await Store.GetUploadOffsetAsync("bob", Name, default)).ShouldBe(0);
        (await Append(0, Content)).ShouldBe(new UploadProgress(UploadState.OffsetMismatch, 5));
        (await Append(5, Content[5..])).ShouldBe(new UploadProgress(UploadState.Complete, Content.Length));
        (await Read()).ShouldBe(Content);
        (await Store.GetUploadOffsetAsync("ann", Name, default)).ShouldBe(0);
    }

    [Fact]
    public async Task Wrong_bytes_are_dropped_when_all_came()
    {
        (await Append(0, new byte[Content.Length])).ShouldBe(new UploadProgress(UploadState.HashMismatch, 0));
        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task More_than_was_announced_is_refused_and_the_upload_begins_anew()
    {
        await Append(0, Content[..5]);
        (await Append(5, new byte[Content.Length])).ShouldBe(new UploadProgress(UploadState.TooLarge, 0));
        (await Append(0, Content)).State.ShouldBe(UploadState.Complete);
    }

    [Fact]
    public async Task A_broken_connection_keeps_what_arrived()
    {
        await Should.ThrowAsync<ObjectStoreException>(() => Store.AppendUploadAsync("ann", Name, 0, Content.Length, new BreakingStream(Content[..7]), default));
        (await Store.GetUploadOffsetAsync("ann", Name, default)).ShouldBe(7);
    }

    [Fact]
    public async Task Of_many_uploads_of_one_object_at_once_one_wins_and_the_object_is_whole()
    {
        var store = Store;
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => store.AppendUploadAsync("ann", Name, 0, Content.Length, new MemoryStream(Content), default))));
        results.ShouldContain(one => one.State == UploadState.Complete);
        results.ShouldAllBe(one => one.State == UploadState.Complete || one.State == UploadState.OffsetMismatch);
        (await Read()).ShouldBe(Content);
    }

    [Fact]
    public async Task Uploads_left_alone_are_swept_and_others_stay()
    {
        await Append(0, Content[..5]);
        await Store.SweepUploadsAsync(DateTimeOffset.UtcNow.AddHours(-1), default);
        (await Store.GetUploadOffsetAsync("ann", Name, default)).ShouldBe(5);
        await Store.SweepUploadsAsync(DateTimeOffset.UtcNow.AddHours(1), default);
        (await Store.GetUploadOffsetAsync("ann", Name, default)).ShouldBe(0);
    }

    private Task<UploadProgress> Append(long offset, byte[] piece) => Store.AppendUploadAsync("ann", Name, offset, Content.Length, new MemoryStream(piece), default);

    private async Task<byte[]> Read()
    {
        await using var stream = (await Store.OpenReadAsync(Name, default))!;
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    private string[] Files() => Directory.GetFiles(scratch.Folder, "*", SearchOption.AllDirectories);

    private sealed class BreakingStream(byte[] first) : MemoryStream(first)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0 ? read : throw new IOException("The line is dead.");
    }
}
