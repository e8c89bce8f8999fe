namespace Convoy.Objects.S3;

/// <summary>What a request sends. As long as more of it is asked for, the request is not stuck.</summary>
internal sealed class UploadBody(byte[] bytes, Patience patience) : MemoryStream(bytes, writable: false)
{
    public override int Read(byte[] buffer, int offset, int count)
    {
        Renew();
        return base.Read(buffer, offset, count);
    }

    public override int Read(Span<byte> buffer)
    {
        Renew();
        return base.Read(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Renew();
        return base.ReadAsync(buffer, offset, count, cancellationToken);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Renew();
        return base.ReadAsync(buffer, cancellationToken);
    }

    private void Renew()
    {
        // A request that was given up may still be asking.
        if (!patience.Token.IsCancellationRequested) patience.Renew();
    }
}
