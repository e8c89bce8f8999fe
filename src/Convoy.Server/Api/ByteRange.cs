using Microsoft.Net.Http.Headers;

namespace Convoy.Server.Api;

/// <summary>Answers with the part of something that was asked for (RFC 9110, 14), where it comes from a store that is asked for exactly that part.</summary>
public static class ByteRange
{
    /// <param name="length">Of the whole.</param>
    /// <param name="sha256">Of the whole, which is its ETag: it never changes.</param>
    /// <param name="open">From an offset, so many bytes; null where it is not there.</param>
    /// <returns>Null where it is not there.</returns>
    public static async Task<IResult?> AnswerAsync(HttpContext http, long length, string sha256, Func<long, long, Task<Stream?>> open)
    {
        var (from, to) = (0L, length - 1);
        var isPart = false;
        var part = http.Request.GetTypedHeaders().Range;
        // Several ranges at once are answered with the whole, as the standard allows.
        if (part is { Unit.Value: "bytes", Ranges.Count: 1 })
        {
            var range = part.Ranges.First();
            (from, to) = range.From is { } first ? (first, Math.Min(range.To ?? long.MaxValue, length - 1)) : (Math.Max(0, length - (range.To ?? 0)), length - 1);
            if (from > to)
            {
                http.Response.Headers.ContentRange = new ContentRangeHeaderValue(length).ToString();
                return Problems.Of(416, "BadRange", $"there are {length} bytes");
            }

            isPart = true;
        }

        if (await open(from, to - from + 1) is not { } content) return null;
        var headers = http.Response.Headers;
        if (isPart)
        {
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            headers.ContentRange = new ContentRangeHeaderValue(from, to, length).ToString();
        }

        (headers.ETag, headers.AcceptRanges, headers.XContentTypeOptions) = ($"\"{sha256}\"", "bytes", "nosniff");
        headers.ContentLength = to - from + 1;
        return Results.Stream(content, "application/octet-stream");
    }
}
