namespace Convoy.Objects.Sealed;

/// <summary>What is read of another stream, encrypted or decrypted.</summary>
/// <param name="position">Of the other's first byte, in the whole.</param>
internal sealed class CounterModeStream(Stream inner, byte[] key, UInt128 counter, long position, bool leaveOpen) : ForwardStream
{
    private readonly CounterMode mode = new(key, counter);
    private long at = position;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        mode.Apply(buffer.Span[..read], at);
        at += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) mode.Dispose();
        if (disposing && !leaveOpen) inner.Dispose();
        base.Dispose(disposing);
    }
}
