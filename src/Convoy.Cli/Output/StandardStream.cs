using System.Runtime.InteropServices;

namespace Convoy.Cli.Output;

/// <summary>
/// Standard output or error as a plain stream. The framework's console stream drops bytes silently once the reader has gone;
/// <c>convoy logs -f JOB | head</c> should end instead.
/// </summary>
internal sealed partial class StandardStream(int descriptor) : Stream
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = WriteBytes(descriptor, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    // Somebody made the terminal non-blocking; its reader is slow.
                    Thread.Sleep(1);
                    break;
                case BrokenPipe:
                    throw new BrokenPipeException();
                default:
                    throw new IOException($"cannot write to descriptor {descriptor}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    public override void Flush()
    {
        // Nothing is buffered here.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteBytes(int descriptor, ReadOnlySpan<byte> bytes, nint count);
}

/// <summary>The reader of an output has gone: nothing more to say, and nobody to say it to.</summary>
internal sealed class BrokenPipeException : Exception;
