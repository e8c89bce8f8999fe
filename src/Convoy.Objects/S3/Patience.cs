namespace Convoy.Objects.S3;

/// <summary>Ends a request of which nothing was heard for so long.</summary>
internal sealed class Patience : IDisposable
{
    private readonly TimeSpan most;
    private readonly CancellationTokenSource silence;
    private readonly CancellationTokenSource either;

    public Patience(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        this.most = most;
        silence = new CancellationTokenSource(most, time);
        either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
    }

    public CancellationToken Token => either.Token;

    /// <summary>Something was heard.</summary>
    public void Renew() => silence.CancelAfter(most);

    public void Dispose()
    {
        either.Dispose();
        silence.Dispose();
    }
}
