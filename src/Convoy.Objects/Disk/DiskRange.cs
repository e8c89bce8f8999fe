using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects.Disk;

/// <summary>A part of a file. The file stays as it was opened, whatever takes its place.</summary>
internal sealed class DiskRange(SafeFileHandle file, string name, long offset, long length) : ForwardStream
{
    // Linux refuses to read at places where no file can be.
    private long left = Math.Clamp(RandomAccess.GetLength(file) - offset, 0, length);
    private long at = offset;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left == 0) return 0;
        try
        {
            var read = await RandomAccess.ReadAsync(file, buffer[..(int)Math.Min(buffer.Length, left)], at, cancellationToken);
            at += read;
            left -= read;
            return read;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectStoreException($"{name} could not be read from the disk: {e.Message}", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
