using System.Security.Cryptography;

namespace Convoy.Objects.Tests.Buckets;

/// <summary>What the platform relies on, wherever its objects lie.</summary>
public abstract class BucketContract
{
    public static TheoryData<string> HostileNames { get; } =
    [
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".unfinished/a", "a/.b", "a b", "a+", "a+/b", "a\\b", "a\0b", "a\nb", "ä", "a%2fb", "a:b", "a*", "~", new string('a', 300),
        string.Join('/', Enumerable.Repeat("a", 600)),
    ];

    /// <summary>Larger than what is sent or held at once.</summary>
    protected virtual long LargeBytes => 20_000_001;

    /// <summary>Whether other bytes may take an object's place.</summary>
    protected virtual bool IsReplaceable => true;

    /// <summary>With nothing in it.</summary>
    protected abstract IBucket Bucket { get; }

    [Fact]
    public async Task What_was_put_is_found_read_and_removed()
    {
        await Bucket.PutAsync("runs/7/model.bin", "some weights");
        var found = await Bucket.FindAsync("runs/7/model.bin", default);
        found!.Name.ShouldBe("runs/7/model.bin");
        found.Length.ShouldBe(12);
        found.ModifiedAt.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        (await Bucket.ReadTextAsync("runs/7/model.bin")).ShouldBe("some weights");
        await Bucket.RemoveAsync("runs/7/model.bin", default);
        (await Bucket.FindAsync("runs/7/model.bin", default)).ShouldBeNull();
        (await Bucket.ReadAsync("runs/7/model.bin")).ShouldBeNull();
        await Bucket.RemoveAsync("runs/7/model.bin", default);
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        (await Bucket.FindAsync("nothing", default)).ShouldBeNull();
        (await Bucket.ReadAsync("nothing")).ShouldBeNull();
        (await Bucket.ReadAsync("nothing", 0, 0)).ShouldBeNull();
        (await Bucket.ReadAsync("nothing", 5, 5)).ShouldBeNull();
        (await Bucket.NamesAsync()).ShouldBeEmpty();
        (await Bucket.NamesAsync("no/such/folder/")).ShouldBeEmpty();
        await Bucket.RemoveAsync("nothing", default);
    }

    [Fact]
    public async Task A_put_takes_the_place_of_what_was_there()
    {
        Assert.SkipUnless(IsReplaceable, "objects of this bucket never change");
        await Bucket.PutAsync("a", "the first, which is longer");
        await Bucket.PutAsync("a", "the second");
        (await Bucket.ReadTextAsync("a")).ShouldBe("the second");
        (await Bucket.FindAsync("a", default))!.Length.ShouldBe(10);
    }

    [Fact]
    public async Task Content_is_read_from_where_it_stands_and_no_further_than_said()
    {
        var content = new MemoryStream("xxwantedyy"u8.ToArray()) { Position = 2 };
        await Bucket.PutAsync("a", content, 6, default);
        (await Bucket.ReadTextAsync("a")).ShouldBe("wanted");
        content.Position.ShouldBe(8);
    }

    [Theory]
    [InlineData(0, 10, "0123456789")]
    [InlineData(0, long.MaxValue, "0123456789")]
    [InlineData(0, 1, "0")]
    [InlineData(3, 4, "3456")]
    [InlineData(9, 1, "9")]
    [InlineData(9, 5, "9")]
    [InlineData(8, long.MaxValue, "89")]
    [InlineData(10, 1, "")]
    [InlineData(11, 5, "")]
    [InlineData(long.MaxValue, long.MaxValue, "")]
    [InlineData(5, 0, "")]
    [InlineData(50, 0, "")]
    public async Task A_part_is_read_as_far_as_the_object_goes(long offset, long length, string expected)
    {
        await Bucket.PutAsync("a", "0123456789");
        (await Bucket.ReadTextAsync("a", offset, length)).ShouldBe(expected);
    }

    [Fact]
    public async Task A_part_before_the_beginning_is_refused()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Bucket.ReadAsync("a", -1, 1, default));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Bucket.ReadAsync("a", 0, -1, default));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Bucket.PutAsync("a", Stream.Null, -1, default));
    }

    [Fact]
    public async Task An_object_may_have_no_bytes()
    {
        await Bucket.PutAsync("empty", "");
        (await Bucket.FindAsync("empty", default))!.Length.ShouldBe(0);
        (await Bucket.ReadTextAsync("empty")).ShouldBe("");
        (await Bucket.ReadTextAsync("empty", 3, 3)).ShouldBe("");
        (await Bucket.NamesAsync()).ShouldBe(["empty"]);
    }

    [Fact]
    public async Task A_large_object_comes_back_as_it_was_in_whole_and_in_parts()
    {
        await using var content = new NoiseStream(1, LargeBytes);
        await Bucket.PutAsync("large", content, LargeBytes, default);
        (await Bucket.FindAsync("large", default))!.Length.ShouldBe(LargeBytes);
        await using (var stream = await Bucket.ReadAsync("large", 0, long.MaxValue, default))
        {
            Convert.ToHexStringLower(await SHA256.HashDataAsync(stream!)).ShouldBe(content.Sha256);
        }

        // The halves overlap nowhere and miss nothing.
        var odd = (LargeBytes / 2) + 7;
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (offset, length) in new[] { (0, odd), (odd, LargeBytes) }) whole.AppendData((await Bucket.ReadAsync("large", offset, length))!);
        Convert.ToHexStringLower(whole.GetCurrentHash()).ShouldBe(content.Sha256);
    }

    [Fact]
    public async Task Names_are_listed_in_ordinal_order_from_anywhere()
    {
        // Around the slash: '-' and '.' come before it, digits and letters behind.
        string[] odd = ["a", "a-b", "a.b", "a/b", "a/b/c", "a/b-c", "a/b.c", "a/b0", "a0", "a_", "B", "Z/z", "aa/b", "a/c"];
        var names = odd.Concat(Enumerable.Range(0, 1100).Select(i => $"many/{i % 7}/{i}")).Order(StringComparer.Ordinal).ToList();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (name, _) => await Bucket.PutAsync(name, name));
        (await Bucket.NamesAsync()).ShouldBe(names);
        foreach (var prefix in new[] { "", "a", "a/", "a/b", "a/b/", "many/", "many/3", "many/3/1", "many/33", "zzz", "B" })
        {
            foreach (var after in new[] { "", "0", "a", "a-", "a/", "a/b", "a/b/c", "a/b/d", "a0", "many/3/17", "many/4", "many/5/", "zzz" })
            {
                (await Bucket.NamesAsync(prefix, after)).ShouldBe(
                    names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(name, after) > 0), $"{prefix} after {after}");
            }
        }

        await foreach (var found in Bucket.ListAsync("many/", "", default)) found.Length.ShouldBe(found.Name.Length);
    }

    [Theory]
    [MemberData(nameof(HostileNames))]
    public async Task A_name_that_leads_astray_is_refused(string name)
    {
        await Should.ThrowAsync<ArgumentException>(async () => await Bucket.PutAsync(name, "x"));
        await Should.ThrowAsync<ArgumentException>(async () => await Bucket.FindAsync(name, default));
        await Should.ThrowAsync<ArgumentException>(async () => await Bucket.ReadAsync(name, 0, 1, default));
        await Should.ThrowAsync<ArgumentException>(async () => await Bucket.RemoveAsync(name, default));
        Should.Throw<ArgumentException>(() => Bucket.LinkTo(name, TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData("../")]
    [InlineData("/")]
    [InlineData("a/../")]
    [InlineData(".unfinished/")]
    [InlineData("a//")]
    public async Task A_list_that_leads_astray_is_refused(string start)
    {
        await Should.ThrowAsync<ArgumentException>(() => Bucket.NamesAsync(start));
        await Should.ThrowAsync<ArgumentException>(() => Bucket.NamesAsync("", start));
    }

    [Fact]
    public async Task Puts_of_one_name_at_once_leave_one_whole_object()
    {
        const int Bytes = 300_000;
        var contents = Enumerable.Range(0, 8).Select(seed => NoiseStream.Of(seed, Bytes)).ToList();
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(contents.Select(content => Task.Run(() => Bucket.PutAsync("one", content))));
            var left = await Bucket.ReadAsync("one");
            contents.ShouldContain(content => content.SequenceEqual(left!));
        }

        (await Bucket.NamesAsync()).ShouldBe(["one"]);
    }

    [Fact]
    public async Task A_put_that_breaks_off_leaves_what_was_there()
    {
        // In S3 these go in parts.
        var bytes = Math.Min(LargeBytes, 70 << 20);
        await Bucket.PutAsync("a", "kept");
        foreach (var name in new[] { "a", "b" })
        {
            // What went wrong with the caller's stream is told as it was.
            (await Should.ThrowAsync<IOException>(() => Bucket.PutAsync(name, new NoiseStream(1, bytes, bytes - 1000), bytes, default))).Message.ShouldBe("simulated: the connection broke");
            await Should.ThrowAsync<EndOfStreamException>(() => Bucket.PutAsync(name, new NoiseStream(1, bytes - 1), bytes, default));
            await Should.ThrowAsync<IOException>(() => Bucket.PutAsync(name, new NoiseStream(1, 1000, 500), 1000, default));
        }

        (await Bucket.ReadTextAsync("a")).ShouldBe("kept");
        (await Bucket.FindAsync("b", default)).ShouldBeNull();
        (await Bucket.NamesAsync()).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_put_that_is_cancelled_leaves_what_was_there()
    {
        await Bucket.PutAsync("a", "kept");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Bucket.PutAsync("a", new MemoryStream(new byte[10]), 10, cancelled.Token));
        (await Bucket.ReadTextAsync("a")).ShouldBe("kept");
    }
}
