using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Objects;
using Convoy.Server.Authentication;
using Convoy.Store;
using Microsoft.AspNetCore.Mvc;

namespace Convoy.Server.Api;

/// <summary>
/// Code archives, by content hash, in pieces that may be sent again. What one person has uploaded does not exist for another,
/// though equal archives are kept once.
/// </summary>
public static class CodeEndpoints
{
    private const long LargestArchive = 512L << 20;
    private const long LargestPiece = 64L << 20;
    private const string OffsetHeader = "Upload-Offset";
    private const string LengthHeader = "Upload-Length";

    public static void MapCode(this IEndpointRouteBuilder api)
    {
        api.MapMethods("/code/{sha256}", ["HEAD"], HeadAsync).Asks(Permission.UseJobs).Produces(200).WithSummary("Whether an archive is there, or where its upload stands");
        api.MapGet("/code/{sha256}", GetAsync).Asks(Permission.ReportForJob).Produces(200).WithSummary("The archive of a task's own job, for the machine that the task is on");
        api.MapPut("/code/{sha256}", PutAsync).Asks(Permission.UseJobs).Produces(201).Produces(204).WithMetadata(new RequestSizeLimitAttribute(LargestPiece)).WithSummary("Upload a piece of an archive");
    }

    private static async Task<IResult> HeadAsync(string sha256, HttpContext http, IStore store, CodeShelf shelf, IObjectStore objects, CancellationToken cancellationToken)
    {
        var owner = http.Caller().User;
        if (!IsHash(sha256)) return Problems.BadRequest("BadHash", "a code archive is named by its SHA-256, 64 lower-case hexadecimal digits");
        await shelf.TouchAsync(owner, sha256, cancellationToken);
        if (await store.HasCodeAsync(owner, sha256, cancellationToken)) return Results.Ok();
        http.Response.Headers[OffsetHeader] = Text(await objects.GetUploadOffsetAsync(owner, sha256, cancellationToken));
        return Results.StatusCode(404);
    }

    private static async Task<IResult> GetAsync(string sha256, HttpContext http, Ledger ledger, IObjectStore objects, CancellationToken cancellationToken)
    {
        var job = JobId.TryParse(http.Caller().ReportsFor, out var id) ? await ledger.FindAsync(id, cancellationToken) : null;
        if (job?.Spec.Code?.Archive != sha256) return Problems.NoSuch("such archive of this job");
        return await objects.OpenReadAsync(sha256, cancellationToken) is { } archive ? Results.Stream(archive, "application/gzip") : Problems.NoSuch("such archive any more");
    }

    private static async Task<IResult> PutAsync(string sha256, HttpContext http, IStore store, IObjectStore objects, DiskReserve disk, TimeProvider time, CancellationToken cancellationToken)
    {
        var owner = http.Caller().User;
        if (!IsHash(sha256)) return Problems.BadRequest("BadHash", "a code archive is named by its SHA-256, 64 lower-case hexadecimal digits");
        if (!TryHeader(OffsetHeader, out var offset) || !TryHeader(LengthHeader, out var length) || offset > length)
        {
            return Problems.BadRequest("BadUpload", $"headers {OffsetHeader} and {LengthHeader} say where the piece begins and how long the whole is, in bytes");
        }

        if (length > LargestArchive) return Problems.Of(413, "CodeTooLarge", $"the archive has {length} bytes, and {LargestArchive} ({LargestArchive >> 20} MiB) are allowed; name what is not needed in .convoyignore");

        // The answer to the last piece may have been lost; nothing has to be sent again then.
        if (await store.HasCodeAsync(owner, sha256, cancellationToken)) return Results.StatusCode(201);
        if (disk.ShortOf(length - offset) is { } shortage) return Problems.DiskFull(shortage);
        var upload = await objects.AppendUploadAsync(owner, sha256, offset, length, http.Request.Body, cancellationToken);
        http.Response.Headers[OffsetHeader] = Text(upload.Offset);
        switch (upload.State)
        {
            case UploadState.Complete:
                await store.GrantCodeAsync(owner, sha256, length, time.GetUtcNow(), cancellationToken);
                return Results.StatusCode(201);
            case UploadState.Unfinished:
                return Results.NoContent();
            case UploadState.OffsetMismatch:
                return Problems.Conflict("UploadOffset", $"{upload.Offset} bytes are kept so far; go on from there");
            case UploadState.HashMismatch:
                return Problems.BadRequest("CodeHashMismatch", "what was uploaded has another SHA-256; nothing of it was kept; pack and upload it again");
            case UploadState.TooLarge:
                return Problems.Of(413, "CodeTooLarge", "more bytes came than the upload was said to have; nothing of this piece was kept");
            default:
                throw new InvalidOperationException($"unknown upload state {upload.State}");
        }

        bool TryHeader(string name, out long value) => long.TryParse(http.Request.Headers[name], NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static bool IsHash(string text) => text.Length == 64 && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
