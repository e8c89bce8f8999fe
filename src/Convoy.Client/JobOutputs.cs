using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Convoy.Client.Wire;

namespace Convoy.Client;

/// <summary>What a job's tasks left in <c>CONVOY_OUTPUT_DIR</c>.</summary>
public sealed class JobOutputs
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Connections that break without a single byte having come.</summary>
    private const int MostBreaks = 5;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly ServerLine line;
    private readonly TimeProvider time;

    internal JobOutputs(ServerLine line, TimeProvider time)
    {
        this.line = line;
        this.time = time;
    }

    public Task<OutputListView> ListAsync(string job, OutputQuery query, string? after, int? limit, CancellationToken cancellationToken) => line.GetAsync(
        new QueryText(Path(job)).Add("attempt", query.AllAttempts ? "all" : query.Attempt?.ToString(CultureInfo.InvariantCulture)).Add("role", query.Role).Add("rank", query.Rank).Add("prefix", query.Prefix)
            .Add("after", after).Add("limit", limit).ToString(),
        WireJson.Default.OutputListView,
        cancellationToken);

    /// <summary>Hands out a file's bytes from an offset on, to its end. A connection that breaks is taken up where it broke.</summary>
    /// <param name="take">Its memory is used again after it returns.</param>
    public async Task CopyAsync(string job, OutputFileView file, long offset, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        for (var breaks = 0; offset < file.Size;)
        {
            var began = offset;
            using var response = await line.SendAsync(() => Get(job, file, began), cancellationToken);
            await line.ThrowIfRefusedAsync(response, cancellationToken);
            if (began > 0 && (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != began)) throw line.NotConvoy("it is not the part of the file that was asked for", null);
            await using var body = await line.BodyAsync(response, cancellationToken);
            while (await ReadAsync(body, buffer, cancellationToken) is > 0 and var read)
            {
                if (read > file.Size - offset) throw line.NotConvoy($"it is longer than the file, which has {file.Size} bytes", null);
                await take(buffer.AsMemory(0, read), cancellationToken);
                offset += read;
            }

            if (offset == file.Size) return;
            breaks = offset > began ? 0 : breaks + 1;
            if (breaks == MostBreaks) throw new ServerUnreachableException(line.Server, $"the download broke off {breaks} times in a row");
            await Task.Delay(BetweenTries, time, cancellationToken);
        }
    }

    private static string Path(string job) => $"jobs/{Uri.EscapeDataString(job)}/outputs";

    private static HttpRequestMessage Get(string job, OutputFileView file, long offset)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, new QueryText(Path(job) + "/content").Add("attempt", file.Attempt).Add("rank", file.Rank).Add("path", file.Path).ToString());
        if (offset > 0) message.Headers.Range = new RangeHeaderValue(offset, null);
        return message;
    }

    /// <summary>Nothing where the connection broke.</summary>
    private static async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return 0;
        }
    }
}
