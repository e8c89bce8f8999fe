using System.Text;

namespace Convoy.Objects;

/// <summary>
/// Passes a tar through and refuses long-name and attribute records above 64 KiB: the tar reader takes such a record into
/// memory whole, at whatever size its header claims. An attribute that would change an entry's size is refused too, as it
/// would make this look at other bytes than the reader does.
/// </summary>
internal sealed class TarHeaderGuard(Stream inner) : Stream
{
    private const int Block = 512;
    private const int MaxRecordBytes = 64 << 10;
    private readonly byte[] header = new byte[Block];
    private readonly MemoryStream attributes = new();
    private int headerFill;
    private long dataLeft;
    private bool inAttributes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Look(buffer.AsSpan(offset, read));
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Look(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        attributes.Dispose();
        base.Dispose(disposing);
    }

    private void Look(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var take = (int)Math.Min(dataLeft > 0 ? dataLeft : Block - headerFill, bytes.Length);
            var now = bytes[..take];
            bytes = bytes[take..];
            if (dataLeft > 0)
            {
                if (inAttributes) attributes.Write(now);
                dataLeft -= take;
                if (dataLeft == 0 && inAttributes) CheckAttributes();
                continue;
            }

            now.CopyTo(header.AsSpan(headerFill));
            headerFill += take;
            if (headerFill < Block) continue;
            headerFill = 0;
            CheckHeader();
        }
    }

    private void CheckHeader()
    {
        var size = Size(header.AsSpan(124, 12));
        var type = (char)header[156];
        if (type is 'x' or 'g' or 'L' or 'K' && size > MaxRecordBytes) throw new CodeArchiveException($"The archive has a header record of {size} bytes.");
        inAttributes = type is 'x' or 'g' && size > 0;

        // Links, folders and devices have no data, whatever their size says; the tar reader sees it so as well.
        dataLeft = type is >= '1' and <= '6' ? 0 : (size + Block - 1) / Block * Block;
        attributes.SetLength(0);
    }

    private void CheckAttributes()
    {
        inAttributes = false;
        foreach (var record in Encoding.UTF8.GetString(attributes.GetBuffer(), 0, (int)attributes.Length).Split('\n'))
        {
            var space = record.IndexOf(' ', StringComparison.Ordinal);
            var key = record[(space + 1)..];
            if (key.StartsWith("size=", StringComparison.Ordinal) || key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                throw new CodeArchiveException("The archive has a sparse file, or gives a size as an attribute; neither can be unpacked.");
        }
    }

    private static long Size(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0) throw new CodeArchiveException("The archive has a file of more than 8 GiB.");
        var size = 0L;
        foreach (var digit in field.Trim((ReadOnlySpan<byte>)[(byte)' ', 0]))
        {
            if (digit is < (byte)'0' or > (byte)'7') throw new CodeArchiveException("The archive is no whole, readable tar.gz: a header has no size.");
            size = (size << 3) | (uint)(digit - '0');
        }

        return size;
    }
}
