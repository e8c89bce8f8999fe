namespace Convoy.Clusters.Kubernetes.Api;

/// <summary>The API server said no.</summary>
internal sealed class ApiException(int status, string reason, string message, TimeSpan? retryAfter) : IOException($"{(reason.Length == 0 ? $"status {status}" : reason)}: {message}")
{
    public int Status { get; } = status;

    /// <summary>One word, such as <c>AlreadyExists</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Before which it is no use to ask again; null where it did not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    public bool IsNotFound => Status == 404;

    /// <summary>Somebody else has changed or made it meanwhile.</summary>
    public bool IsConflict => Status == 409;

    /// <summary>What was asked from then on is no longer kept: list anew.</summary>
    public bool IsExpired => Status == 410;

    /// <summary>Asking the same again is useless: the object itself, or the right to write it, is wrong.</summary>
    public bool IsPermanent => Status is 400 or 403 or 405 or 413 or 415 or 422;
}
