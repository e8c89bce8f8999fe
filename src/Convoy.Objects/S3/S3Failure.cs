using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;

namespace Convoy.Objects.S3;

/// <summary>What went wrong with a request, and whether it may go better the next time.</summary>
internal static class S3Failure
{
    /// <summary>Not the caller's own cancellation, which is looked for first.</summary>
    public static bool IsOne(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException or OperationCanceledException or TimeoutException;

    public static bool IsPassing(Exception e) => e is not AmazonServiceException refused || refused.StatusCode switch
    {
        0 => true,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => false,
        >= HttpStatusCode.InternalServerError => true,
        // An answer that begins well may still end in an error, which S3 has no other way to tell once it has begun.
        HttpStatusCode.OK => true,
        // What was sent got lost or was changed on its way.
        HttpStatusCode.BadRequest => refused.ErrorCode is "RequestTimeout" or "IncompleteBody" or "BadDigest" or "XAmzContentSHA256Mismatch",
        _ => refused.ErrorCode is "SlowDown" or "OperationAborted",
    };

    public static ObjectStoreException Of(string what, Exception e, int tries)
    {
        var reason = e switch
        {
            AmazonServiceException { StatusCode: > 0 } refused => $"{(int)refused.StatusCode} {refused.ErrorCode} {refused.Message}",
            OperationCanceledException => "it did not answer in time",
            _ => e.Message,
        };
        return new ObjectStoreException($"the store failed at {what}{(tries > 1 ? $" after {tries} tries" : "")}: {reason}", e);
    }
}
