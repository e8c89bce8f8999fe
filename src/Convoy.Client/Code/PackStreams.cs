using Convoy.Core.Languages;

namespace Convoy.Client.Code;

/// <summary>A file that must have exactly the bytes it had when it was scanned: the tar header has promised them.</summary>
internal sealed class UnchangedStream : Stream
{
    private readonly FileStream inner;
    private readonly CodeFile file;
    private long position;

    public UnchangedStream(FileStream inner, CodeFile file)
    {
        this.inner = inner;
        this.file = file;
        if (inner.Length == file.Bytes) return;
        inner.Dispose();
        throw Changed();
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Bytes;

    public override long Position { get => position; set => position = inner.Position = value; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (count == 0) return 0;
        var left = file.Bytes - position;
        if (left == 0) return inner.ReadByte() < 0 ? 0 : throw Changed();
        var read = inner.Read(buffer, offset, (int)Math.Min(count, left));
        if (read == 0) throw Changed();
        position += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => position = inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }

    private CodeFolderException Changed() => new($"{file.Path} changed while the folder was being packed. Try again when nothing writes to it.");
}

/// <summary>Lets so many bytes through, and no more.</summary>
internal sealed class LimitedStream(Stream inner, long maxBytes, Func<Exception> tooMany) : Stream
{
    private long written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count)
    {
        // Once too much came, what the writers above still flush while they close is let go silently.
        if (written > maxBytes) return;
        written += count;
        if (written > maxBytes) throw tooMany();
        inner.Write(buffer, offset, count);
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
