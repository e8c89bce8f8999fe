using System.Security.Cryptography;
using Convoy.Objects.S3;

namespace Convoy.Objects.Tests.Buckets;

/// <summary>Between the platform and its store.</summary>
[Collection(S3World.Name)]
public sealed class S3FaultTests(RadosGateway store)
{
    private readonly string prefix = $"{Guid.NewGuid():n}/";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_byte_comes_through_whatever_goes_wrong_on_the_way(int seed)
    {
        await using var faulty = Before(Mishap.Seeded(seed, rate: 0.25));
        using var bucket = Open(faulty, options => options with { Tries = 12, HedgeAfter = TimeSpan.FromMilliseconds(500) });
        var random = new Random(seed);
        var hashes = new Dictionary<string, (string Sha256, int Length)>();
        for (var i = 0; i < 30; i++)
        {
            // One of them in parts.
            var length = i == 7 ? 70 << 20 : random.Next(1 << random.Next(1, 22));
            await using var content = new NoiseStream((seed * 1000) + i, length);
            await bucket.PutAsync($"objects/{i}", content, length, default);
            hashes.Add($"objects/{i}", (content.Sha256, length));
        }

        (await bucket.NamesAsync()).ShouldBe(hashes.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, (sha256, length)) in hashes)
        {
            (await bucket.FindAsync(name, default))!.Length.ShouldBe(length);
            var whole = (await bucket.ReadAsync(name))!;
            Convert.ToHexStringLower(SHA256.HashData(whole)).ShouldBe(sha256);
            var offset = random.Next(length + 1);
            var part = (await bucket.ReadAsync(name, offset, length / 2))!;
            part.AsSpan().SequenceEqual(whole.AsSpan(offset, Math.Min(length / 2, length - offset))).ShouldBeTrue();
        }

        await Parallel.ForEachAsync(hashes.Keys, async (name, _) => await bucket.RemoveAsync(name, default));
        (await bucket.NamesAsync()).ShouldBeEmpty();
        faulty.Faults.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData(nameof(Fault.SlowDown))]
    [InlineData(nameof(Fault.Broken))]
    [InlineData(nameof(Fault.Silence))]
    [InlineData(nameof(Fault.QuestionLost))]
    [InlineData(nameof(Fault.AnswerLost))]
    [InlineData(nameof(Fault.AnswerStalls))]
    public async Task A_store_that_always_fails_is_given_up_after_so_many_tries(string fault)
    {
        await using var faulty = Before(_ => new Mishap(Enum.Parse<Fault>(fault), 20));
        using var bucket = Open(faulty, options => options with { Tries = 3, HedgeAfter = null, StallTimeout = TimeSpan.FromMilliseconds(300) });
        Func<Task>[] calls =
        [
            () => bucket.FindAsync("a", default), () => bucket.ReadAsync("a"), () => bucket.PutAsync("a", "x"), () => bucket.NamesAsync(), () => bucket.RemoveAsync("a", default),
            () => bucket.PutAsync("large", new NoiseStream(1, 70 << 20), 70 << 20, default),
        ];
        foreach (var call in calls)
        {
            var before = faulty.Requests;
            (await Should.ThrowAsync<ObjectStoreException>(call)).Message.ShouldContain("after 3 tries");
            (faulty.Requests - before).ShouldBe(3);
        }
    }

    [Fact]
    public async Task A_store_that_cannot_be_reached_is_given_up()
    {
        await using var faulty = Before(_ => Mishap.None);
        var nobody = faulty.Endpoint;
        await faulty.DisposeAsync();
        using var bucket = new S3Bucket(store.Options(prefix) with { Endpoint = nobody, Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, new Random(1));
        (await Should.ThrowAsync<ObjectStoreException>(() => bucket.ReadAsync("a"))).Message.ShouldContain("after 3 tries");
    }

    [Fact]
    public async Task A_read_goes_on_where_each_of_many_connections_broke()
    {
        const int Bytes = 4 << 20;
        await Direct(bucket => bucket.PutAsync("a", NoiseStream.Of(1, Bytes)));
        await using var faulty = Before(_ => new Mishap(Fault.AnswerShort, 300_000));
        using var bucket = Open(faulty, options => options with { Tries = 6 });
        (await bucket.ReadAsync("a"))!.AsSpan().SequenceEqual(NoiseStream.Of(1, Bytes)).ShouldBeTrue();

        // Each gave what it gave, and nothing was asked for twice.
        faulty.Requests.ShouldBeInRange(Bytes / 300_000, 20);
    }

    [Fact]
    public async Task A_read_that_hardly_gets_on_is_given_up()
    {
        await Direct(bucket => bucket.PutAsync("a", NoiseStream.Of(1, 4 << 20)));
        await using var faulty = Before(_ => new Mishap(Fault.AnswerShort, 3000));
        using var bucket = Open(faulty, options => options with { Tries = 6 });
        (await Should.ThrowAsync<ObjectStoreException>(() => bucket.ReadAsync("a"))).Message.ShouldContain("after 6 tries");
        faulty.Requests.ShouldBe(6);
    }

    [Theory]
    [InlineData(nameof(Fault.Silence))]
    [InlineData(nameof(Fault.AnswerStalls))]
    public async Task A_read_whose_first_byte_is_late_is_asked_for_a_second_time(string fault)
    {
        await Direct(bucket => bucket.PutAsync("a", NoiseStream.Of(1, 100_000)));
        await using var faulty = Before(number => number == 0 ? new Mishap(Enum.Parse<Fault>(fault), 20) : Mishap.None);

        // Without the second it would take an hour.
        using var bucket = Open(faulty, options => options with { StallTimeout = TimeSpan.FromHours(1), HedgeAfter = TimeSpan.FromMilliseconds(50) });
        (await bucket.ReadAsync("a"))!.AsSpan().SequenceEqual(NoiseStream.Of(1, 100_000)).ShouldBeTrue();
        faulty.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_store_that_is_always_late_is_not_asked_twice_for_everything()
    {
        await using var faulty = Before(_ => new Mishap(Fault.Silence, 0));
        using var bucket = Open(faulty, options => options with { Tries = 1, StallTimeout = TimeSpan.FromMilliseconds(100), HedgeAfter = TimeSpan.FromMilliseconds(1) });
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (_, _) => await Should.ThrowAsync<ObjectStoreException>(() => bucket.ReadAsync("a")));

        // Ten from the start, and one for each ten reads.
        faulty.Requests.ShouldBeLessThanOrEqualTo(60 + 10 + 6);
    }

    [Fact]
    public async Task An_object_that_is_replaced_while_it_is_read_is_not_read_from_both()
    {
        await Direct(bucket => bucket.PutAsync("a", new byte[1 << 20]));
        await using var faulty = Before(number => number == 0 ? new Mishap(Fault.AnswerReset, 300_000) : Mishap.None);
        using var bucket = Open(faulty, options => options);
        await using var stream = await bucket.ReadAsync("a", 0, long.MaxValue, default);
        await Direct(direct => direct.PutAsync("a", NoiseStream.Of(1, 1 << 20)));
        var failure = await Should.ThrowAsync<ObjectStoreException>(() => stream!.CopyToAsync(Stream.Null));
        failure.Message.ShouldContain("PreconditionFailed");
    }

    [Fact]
    public async Task A_completion_whose_answer_was_lost_is_known_to_have_happened()
    {
        // Begin, five parts, complete.
        await using var faulty = Before(number => number == 6 ? new Mishap(Fault.AnswerLost, 0) : Mishap.None);
        using var bucket = Open(faulty, options => options);
        await using var content = new NoiseStream(1, 70 << 20);
        await bucket.PutAsync("a", content, 70 << 20, default);
        faulty.Faults.ShouldBe(1);
        Convert.ToHexStringLower(SHA256.HashData((await bucket.ReadAsync("a"))!)).ShouldBe(content.Sha256);
    }

    [Fact]
    public async Task A_caller_that_cancels_is_not_told_of_a_failing_store()
    {
        await using var faulty = Before(_ => new Mishap(Fault.Silence, 0));
        using var bucket = Open(faulty, options => options with { StallTimeout = TimeSpan.FromHours(1) });
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Should.ThrowAsync<OperationCanceledException>(() => bucket.ReadAsync("a", 0, 1, cancelled.Token));
    }

    private FaultyStore Before(Func<int, Mishap> schedule)
    {
        if (store.Missing is { } reason) Assert.Skip(reason);
        return new FaultyStore(store.Endpoint, schedule);
    }

    private S3Bucket Open(FaultyStore faulty, Func<S3Options, S3Options> change) => new(
        change(store.Options(prefix) with { Endpoint = faulty.Endpoint, FirstPause = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromMilliseconds(100), StallTimeout = TimeSpan.FromSeconds(3) }),
        TimeProvider.System,
        new Random(1));

    private async Task Direct(Func<IBucket, Task> call)
    {
        if (store.Missing is { } reason) Assert.Skip(reason);
        using var bucket = new S3Bucket(store.Options(prefix), TimeProvider.System, new Random(1));
        await call(bucket);
    }
}
