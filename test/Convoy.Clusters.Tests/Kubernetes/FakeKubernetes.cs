using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>
/// As much of Kubernetes' API server as an operator meets: objects with versions, lists in pages, watches from a version on, server-side
/// apply, bindings, finalizers and graceful deletion. What it takes for granted is checked against a real one by the same suites.
/// </summary>
internal sealed class FakeKubernetes : HttpMessageHandler
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Path, string Type, string Json)> history = [];
    private readonly Dictionary<string, (long Version, string[] Left)> continuations = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long version = 1;
    private long compacted;

    /// <summary>Requests that wrote, by method and kind.</summary>
    public Dictionary<string, int> Writes { get; } = [];

    /// <summary>The only form in which it takes an eviction.</summary>
    public string EvictionForm { get; init; } = "policy/v1";

    /// <summary>Versions so far are no longer kept: who watches from one of them has to list.</summary>
    public void Compact()
    {
        lock (gate)
        {
            compacted = version;
            history.Clear();
            continuations.Clear();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsByteArrayAsync(cancellationToken))?.AsObject();
        var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
        var address = Address.Of(request.RequestUri.AbsolutePath);
        if (query["watch"] == "true") return Watch(address, long.Parse(query["resourceVersion"]!, CultureInfo.InvariantCulture), cancellationToken);
        lock (gate)
        {
            if (request.Method != HttpMethod.Get) Writes[$"{request.Method} {address.Kind}{address.Sub}"] = Writes.GetValueOrDefault($"{request.Method} {address.Kind}{address.Sub}") + 1;
            return (request.Method.Method, address) switch
            {
                ("GET", { Name: null }) => List(address, query["limit"], query["continue"]),
                ("GET", _) => Find(address) is { } found ? Answer(found) : Missing(address),
                ("POST", { Sub: "/binding" }) => Bind(address, body!),
                ("POST", { Sub: "/eviction" }) when (string?)body!["apiVersion"] is var form && form != EvictionForm => Refuse(400, "BadRequest", $"no kind \"Eviction\" is registered for version \"{form}\""),
                ("POST", { Sub: "/eviction" }) => Delete(address with { Sub = "" }, body!["deleteOptions"] as JsonObject),
                ("POST", _) => Create(address, body!),
                ("PATCH", _) when request.Content!.Headers.ContentType!.MediaType!.Contains("apply", StringComparison.Ordinal) => Apply(address, body!),
                ("PATCH", _) => Merge(address, body!),
                ("DELETE", _) => Delete(address, body),
                _ => Refuse(405, "MethodNotAllowed", "no"),
            };
        }
    }

    private HttpResponseMessage List(Address address, string? limit, string? token)
    {
        long at;
        string[] rest;
        if (token is null) (at, rest) = (version, [.. objects.Where(pair => address.Holds(pair.Key)).Select(pair => pair.Value.ToJsonString())]);
        else if (continuations.Remove(token, out var kept)) (at, rest) = kept;
        else return Refuse(410, "Expired", "the continue token is no longer known");
        var size = limit is null ? rest.Length : int.Parse(limit, CultureInfo.InvariantCulture);
        var meta = new JsonObject { ["resourceVersion"] = Text(at) };
        if (rest.Length > size) continuations[(string)(meta["continue"] = Guid.NewGuid().ToString("N"))!] = (at, rest[size..]);
        return Answer(new JsonObject { ["kind"] = "List", ["metadata"] = meta, ["items"] = new JsonArray([.. rest.Take(size).Select(json => JsonNode.Parse(json))]) });
    }

    private HttpResponseMessage Watch(Address address, long since, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (since < compacted) return Refuse(410, "Expired", "too old resource version");
        }

        var pipe = new Pipe();
        _ = Task.Run(
            async () =>
            {
                await using var stream = pipe.Writer.AsStream();
                try
                {
                    while (!cancellationToken.IsCancellationRequested)
                    {
                        List<string> lines = [];
                        Task signal;
                        lock (gate)
                        {
                            signal = changed.Task;
                            if (since < compacted) lines.Add("""{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""");
                            lines.AddRange(history.Where(one => one.Version > since && address.Holds(one.Path)).Select(one => $$"""{"type":"{{one.Type}}","object":{{one.Json}}}"""));
                            since = version;
                        }

                        foreach (var line in lines) await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
                        await stream.FlushAsync(cancellationToken);
                        await signal.WaitAsync(cancellationToken);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
                {
                    // Nobody reads any more.
                }
            },
            CancellationToken.None);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(pipe.Reader.AsStream()) };
    }

    private HttpResponseMessage Create(Address collection, JsonObject body)
    {
        if ((string?)body["metadata"]!["generateName"] is { } start) body["metadata"]!["name"] = $"{start}{Guid.NewGuid().ToString("N")[..8]}";
        var address = collection with { Name = (string)body["metadata"]!["name"]! };
        if (Find(address) is not null) return Refuse(409, "AlreadyExists", $"{address.Path} exists");
        if (address.Kind == "pods" && Find(new Address("/api/v1", "namespaces", null, address.Space, "")) is null) return Missing(address);
        return Answer(Begin(address, body), 201);
    }

    private JsonObject Begin(Address address, JsonObject body)
    {
        var made = body.DeepClone().AsObject();
        var meta = made["metadata"]!.AsObject();
        meta["uid"] = Guid.NewGuid().ToString();
        meta["creationTimestamp"] = Now();
        meta.Remove("resourceVersion");
        if (address.Space is not null) meta["namespace"] = address.Space;
        if (address.Kind == "pods") made["status"] = new JsonObject { ["phase"] = "Pending" };
        else if (address.Kind == "trainingjobs") made.Remove("status");
        Put(address, made, "ADDED");
        return made;
    }

    private HttpResponseMessage Apply(Address address, JsonObject body)
    {
        var found = Find(address with { Sub = "" });
        var expected = (string?)body["metadata"]?["resourceVersion"];
        if (found is null) return expected is not null || address.Sub.Length > 0 ? Missing(address) : Answer(Begin(address, body), 201);
        if (expected is not null && expected != (string?)found["metadata"]!["resourceVersion"]) return Refuse(409, "Conflict", "the object has been modified");
        var next = found.DeepClone().AsObject();
        foreach (var (key, value) in body)
        {
            if (key is "metadata" or "apiVersion" or "kind" || (key == "status") != (address.Sub == "/status")) continue;
            next[key] = value?.DeepClone();
        }

        if (address.Sub.Length == 0 && body["metadata"] is JsonObject meta)
        {
            foreach (var (key, value) in meta)
            {
                if (key is "labels" or "annotations" or "finalizers" or "ownerReferences") next["metadata"]![key] = value?.DeepClone();
            }
        }

        if (JsonNode.DeepEquals(next, found)) return Answer(found);
        Put(address with { Sub = "" }, next, "MODIFIED");
        return Answer(next);
    }

    private HttpResponseMessage Merge(Address address, JsonObject body)
    {
        if (Find(address with { Sub = "" }) is not { } found) return Missing(address);
        var next = found.DeepClone().AsObject();
        MergeInto(next, body);
        if (IsGone(next))
        {
            Remove(address with { Sub = "" }, next);
            return Answer(next);
        }

        Put(address with { Sub = "" }, next, "MODIFIED");
        return Answer(next);
    }

    private HttpResponseMessage Bind(Address address, JsonObject body)
    {
        if (Find(address with { Sub = "" }) is not { } pod) return Missing(address);
        if (pod["spec"]!["nodeName"] is not null) return Refuse(409, "Conflict", $"pod {address.Name} is already assigned to node {pod["spec"]!["nodeName"]}");
        if (pod["metadata"]!["deletionTimestamp"] is not null) return Refuse(409, "Conflict", $"pod {address.Name} is being deleted, cannot be assigned to a host");
        if ((string?)body["metadata"]!["uid"] is { } uid && uid != (string?)pod["metadata"]!["uid"]) return Refuse(409, "Conflict", "uid mismatch");
        var next = pod.DeepClone().AsObject();
        next["spec"]!["nodeName"] = body["target"]!["name"]!.DeepClone();
        Put(address with { Sub = "" }, next, "MODIFIED");
        return Answer(new JsonObject { ["kind"] = "Status", ["status"] = "Success" }, 201);
    }

    private HttpResponseMessage Delete(Address address, JsonObject? options)
    {
        if (Find(address) is not { } found) return Missing(address);
        if ((string?)options?["preconditions"]?["uid"] is { } uid && uid != (string?)found["metadata"]!["uid"]) return Refuse(409, "Conflict", "uid mismatch");
        var next = found.DeepClone().AsObject();
        var meta = next["metadata"]!.AsObject();
        var isPod = address.Kind == "pods" && next["spec"]!["nodeName"] is not null;
        var grace = !isPod ? 0 : (long?)options?["gracePeriodSeconds"] ?? (long?)next["spec"]!["terminationGracePeriodSeconds"] ?? 30;
        if (meta["deletionGracePeriodSeconds"] is { } known) grace = Math.Min(grace, (long)known);
        meta["deletionTimestamp"] ??= Now();
        meta["deletionGracePeriodSeconds"] = grace;
        if (IsGone(next)) Remove(address, next);
        else Put(address, next, "MODIFIED");
        return Answer(next);
    }

    private static bool IsGone(JsonObject item) =>
        item["metadata"]!["deletionTimestamp"] is not null && (long?)item["metadata"]!["deletionGracePeriodSeconds"] == 0 && item["metadata"]!["finalizers"] is not JsonArray { Count: > 0 };

    private static void MergeInto(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null) target.Remove(key);
            else if (value is JsonObject inner && target[key] is JsonObject existing) MergeInto(existing, inner);
            else target[key] = value.DeepClone();
        }
    }

    private JsonObject? Find(Address address) => objects.GetValueOrDefault(address.Path);

    private void Put(Address address, JsonObject item, string type)
    {
        item["metadata"]!["resourceVersion"] = Text(++version);
        objects[address.Path] = item;
        Tell(address.Path, type, item);
    }

    private void Remove(Address address, JsonObject item)
    {
        item["metadata"]!["resourceVersion"] = Text(++version);
        objects.Remove(address.Path);
        Tell(address.Path, "DELETED", item);
    }

    private void Tell(string path, string type, JsonObject item)
    {
        history.Add((version, path, type, item.ToJsonString()));
        var waiting = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
    }

    private static HttpResponseMessage Answer(JsonObject item, int status = 200) => new((HttpStatusCode)status) { Content = new StringContent(item.ToJsonString(), Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Missing(Address address) => Refuse(404, "NotFound", $"there is no {address.Path}");

    internal static HttpResponseMessage Refuse(int status, string reason, string message) =>
        Answer(new JsonObject { ["kind"] = "Status", ["status"] = "Failure", ["reason"] = reason, ["message"] = message, ["code"] = status }, status);

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <param name="Api">Such as <c>/api/v1</c>.</param>
    private sealed record Address(string Api, string Kind, string? Space, string? Name, string Sub)
    {
        public string Path => $"{Api}/{Kind}/{Space}/{Name}";

        public static Address Of(string path)
        {
            var words = path.Trim('/').Split('/');
            var start = words[0] == "api" ? 2 : 3;
            var api = "/" + string.Join('/', words[..start]);
            var rest = words[start..];
            if (rest is ["namespaces", var space, var kind, ..]) return new Address(api, kind, space, rest.Length > 3 ? rest[3] : null, rest.Length > 4 ? "/" + rest[4] : "");
            return new Address(api, rest[0], null, rest.Length > 1 ? rest[1] : null, rest.Length > 2 ? "/" + rest[2] : "");
        }

        public bool Holds(string path) => path.StartsWith(Space is null ? $"{Api}/{Kind}/" : $"{Api}/{Kind}/{Space}/", StringComparison.Ordinal);
    }
}
