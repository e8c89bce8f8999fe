using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Convoy.Clusters.Kubernetes.Api;

/// <summary>
/// The few calls of the Kubernetes API that are made. Addresses, certificates and credentials are the official client's; reading goes past
/// its models, which hold all of every object.
/// </summary>
/// <param name="authorize">Adds the credentials of the moment.</param>
internal sealed class ApiClient(HttpClient http, Func<HttpRequestMessage, CancellationToken, Task> authorize)
{
    /// <summary>Whose fields are whose in server-side apply.</summary>
    public const string FieldManager = "convoy-agent";

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Apply = new("application/apply-patch+yaml");
    private static readonly MediaTypeHeaderValue Merge = new("application/merge-patch+json");

    /// <summary>One answer must come within this; a watch only has to begin.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, null, type, cancellationToken);

    public Task<T> PostAsync<T>(string path, byte[] body, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, body, Json, type, cancellationToken);

    /// <summary>Server-side apply: what is said is so afterwards, whoever said otherwise.</summary>
    public Task<T> ApplyAsync<T>(string path, byte[] body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager={FieldManager}&force=true", body, Apply, type, cancellationToken);

    public Task<T> MergeAsync<T>(string path, byte[] body, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(HttpMethod.Patch, path, body, Merge, type, cancellationToken);

    public async Task PostAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        using var patience = PatienceOver(cancellationToken);
        using var answer = await AskAsync(HttpMethod.Post, path, body, Json, patience.Token, cancellationToken);
    }

    /// <summary>Applies where the answer is of no interest.</summary>
    public async Task ApplyAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        using var patience = PatienceOver(cancellationToken);
        using var answer = await AskAsync(HttpMethod.Patch, $"{path}?fieldManager={FieldManager}&force=true", body, Apply, patience.Token, cancellationToken);
    }

    /// <summary>False where there is no such object.</summary>
    public async Task<bool> DeleteAsync(string path, byte[]? options, CancellationToken cancellationToken)
    {
        using var patience = PatienceOver(cancellationToken);
        try
        {
            using var answer = await AskAsync(HttpMethod.Delete, path, options, Json, patience.Token, cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Every change after a version, until the server ends the watch.</summary>
    /// <param name="silence">Where nothing at all came for so long, the connection is taken for dead.</param>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(string path, TimeSpan silence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        quiet.CancelAfter(Patience);
        using var answer = await AskAsync(HttpMethod.Get, path, null, null, quiet.Token, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var lines = new StreamReader(stream);
        while (true)
        {
            quiet.CancelAfter(silence);
            string? line;
            try
            {
                line = await lines.ReadLineAsync(quiet.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"nothing was heard from the API server for {silence.TotalSeconds:0} s");
            }

            if (line is null) yield break;
            if (line.Length == 0) continue;
            yield return Read(System.Text.Encoding.UTF8.GetBytes(line), ApiJson.Default.WatchEvent);
        }
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, MediaTypeHeaderValue? form, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var patience = PatienceOver(cancellationToken);
        using var answer = await AskAsync(method, path, body, form, patience.Token, cancellationToken);
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(patience.Token);
            return await JsonSerializer.DeserializeAsync(stream, type, patience.Token) ?? throw new IOException("the API server answered with nothing");
        }
        catch (JsonException broken)
        {
            throw new IOException($"the API server's answer cannot be read: {broken.Message}", broken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow();
        }
    }

    /// <returns>An answer that says yes.</returns>
    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, byte[]? body, MediaTypeHeaderValue? form, CancellationToken patience, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = form } };
        HttpResponseMessage answer;
        try
        {
            await authorize(request, patience);
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience);
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or SocketException)
        {
            // The bare one is how the HTTP library tells of a connection that is reset just when it is made.
            throw new IOException($"the API server cannot be reached: {unreachable.Message}", unreachable);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow();
        }

        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await RefusalAsync(answer, patience);
    }

    private static async Task<ApiException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        StatusObject? status = null;
        var text = "";
        try
        {
            text = await answer.Content.ReadAsStringAsync(cancellationToken);
            status = JsonSerializer.Deserialize(text, ApiJson.Default.StatusObject);
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or HttpRequestException or OperationCanceledException)
        {
            // A proxy's page, or none: the status has to do.
        }

        var wait = answer.Headers.RetryAfter?.Delta ?? (status?.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        return new ApiException((int)answer.StatusCode, status?.Reason ?? Reason(answer.StatusCode), status?.Message ?? (text.Length > 200 ? text[..200] : text), wait);
    }

    private static string Reason(HttpStatusCode status) => ((int)status).ToString(CultureInfo.InvariantCulture);

    private static T Read<T>(byte[] json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new IOException("the API server sent an empty event");
        }
        catch (JsonException broken)
        {
            throw new IOException($"the API server sent what cannot be read: {broken.Message}", broken);
        }
    }

    private static IOException TooSlow() => new($"the API server did not answer within {Patience.TotalSeconds:0} s");

    private static CancellationTokenSource PatienceOver(CancellationToken cancellationToken)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        return patience;
    }
}
