using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.Kubernetes.Api;

/// <summary>
/// All objects of one kind as the API server last told of them: listed in pages, then watched from that version on; listed anew where the
/// version is no longer kept. Whoever listens is told of each change once, in order, also of what changed while nobody watched.
/// </summary>
/// <param name="path">Of the collection, such as <c>/api/v1/pods</c>.</param>
/// <param name="changed">Told of the object before and after; called by one thread at a time.</param>
internal sealed partial class Informer<T>(
    ApiClient api, string path, JsonTypeInfo<T> type, JsonTypeInfo<ObjectList<T>> listType, Action<T?, T?> changed, TimeProvider time, ILogger log)
    where T : class, IApiObject
{
    private const int PageSize = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>The server ends a watch after it, so that after a change of the control plane watchers spread over its members again.</summary>
    private static readonly TimeSpan WatchFor = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<ObjectKey, T> items = new();
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where the watch goes on; null where everything has to be listed.</summary>
    private string? version;

    /// <summary>Completes when everything has been listed once.</summary>
    public Task Synced => synced.Task;

    public ICollection<T> Items => items.Values;

    public T? Find(ObjectKey key) => items.GetValueOrDefault(key);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (version is null) await ListAsync(cancellationToken);
                await WatchAsync(() => failures = 0, cancellationToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The boundary of the loop: who follows the cluster must not stop, whatever is in it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (e is ApiException { IsExpired: true }) version = null;
                else LogTrouble(log, path, e.Message);
                await Task.Delay(PauseAfter(++failures, (e as ApiException)?.RetryAfter), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Nothing of a list is believed before all of its pages have come.</summary>
    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<ObjectKey, T>();
        string? next = null;
        ListMeta meta;
        do
        {
            var page = await api.GetAsync($"{path}?limit={PageSize.ToString(CultureInfo.InvariantCulture)}{(next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")}", listType, cancellationToken);
            foreach (var item in page.Items) found[item.Metadata.Key] = item;
            meta = page.Metadata;
            next = meta.Continue;
        }
        while (!string.IsNullOrEmpty(next));
        foreach (var (key, gone) in items)
        {
            if (!found.ContainsKey(key)) Take(key, gone, null);
        }

        foreach (var (key, item) in found) Take(key, items.GetValueOrDefault(key), item);
        version = meta.ResourceVersion ?? throw new IOException("a list without a version");
        synced.TrySetResult();
    }

    private async Task WatchAsync(Action heard, CancellationToken cancellationToken)
    {
        var seconds = (int)WatchFor.TotalSeconds;
        var watch = $"{path}?watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={seconds.ToString(CultureInfo.InvariantCulture)}";
        await foreach (var happened in api.WatchAsync(watch, WatchFor + LongestPause, cancellationToken))
        {
            if (happened.Type == "ERROR")
            {
                var status = happened.Object.Deserialize(ApiJson.Default.StatusObject);
                throw new ApiException(status?.Code ?? 500, status?.Reason ?? "", status?.Message ?? "the watch failed", null);
            }

            heard();
            if (Read(happened) is not { } item) continue;
            if (happened.Type == "DELETED") Take(item.Metadata.Key, items.GetValueOrDefault(item.Metadata.Key), null);
            else if (happened.Type is "ADDED" or "MODIFIED") Take(item.Metadata.Key, items.GetValueOrDefault(item.Metadata.Key), item);
            version = item.Metadata.ResourceVersion;
        }
    }

    /// <summary>An object made anew under the name of another is another: the one before is told to have gone.</summary>
    private void Take(ObjectKey key, T? before, T? after)
    {
        if (before is not null && after is not null && before.Metadata.Uid != after.Metadata.Uid)
        {
            items.TryRemove(key, out _);
            Tell(before, null);
            before = null;
        }

        if (before?.Metadata.ResourceVersion is { } known && known == after?.Metadata.ResourceVersion) return;
        if (after is null) items.TryRemove(key, out _);
        else items[key] = after;
        if (before is not null || after is not null) Tell(before, after);
    }

    /// <summary>One object that its listener cannot make sense of must not hide all others.</summary>
    private void Tell(T? before, T? after)
    {
        try
        {
            changed(before, after);
        }
#pragma warning disable CA1031 // The boundary of one object.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogUntold(log, e, (after ?? before)!.Metadata.Key);
        }
    }

    private T? Read(WatchEvent happened)
    {
        try
        {
            return happened.Object.Deserialize(type);
        }
        catch (JsonException broken)
        {
            throw new IOException($"the API server sent what cannot be read: {broken.Message}", broken);
        }
    }

    private static TimeSpan PauseAfter(int failures, TimeSpan? told)
    {
        var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(failures - 1, 16)));

        // Half of it by chance, so that those who failed together do not come back together.
        pause = (pause / 2) + (pause / 2 * Random.Shared.NextDouble());
        return told > pause ? told.Value : pause;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A change of {Key} could not be taken in")]
    private static partial void LogUntold(ILogger log, Exception exception, ObjectKey key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Following {Path} was interrupted and goes on: {Reason}")]
    private static partial void LogTrouble(ILogger log, string path, string reason);
}
