using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Convoy.Cli.Terminals;

/// <summary>
/// Standard input, read on a thread of its own from the first time that somebody asks: a read cannot be called off, so what
/// was begun for one attachment goes on for the next.
/// </summary>
internal sealed partial class TypedInput
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int ReadBytes = 16 << 10;

    private readonly Channel<byte[]> read = Channel.CreateBounded<byte[]>(1);
    private Thread? thread;

    /// <summary>Ends with the input.</summary>
    public IAsyncEnumerable<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        if (thread is null)
        {
            thread = new Thread(Read) { IsBackground = true, Name = "input" };
            thread.Start();
        }

        return read.Reader.ReadAllAsync(cancellationToken);
    }

    private void Read()
    {
        var buffer = new byte[ReadBytes];
        while (true)
        {
            var count = ReadBytesOf(0, buffer, buffer.Length);
            if (count > 0)
            {
                while (!read.Writer.TryWrite(buffer[..(int)count])) read.Writer.WaitToWriteAsync().AsTask().Wait();
                continue;
            }

            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted) continue;
            if (count < 0 && Marshal.GetLastPInvokeError() == TryAgain)
            {
                // Somebody made it non-blocking.
                Thread.Sleep(10);
                continue;
            }

            read.Writer.Complete();
            return;
        }
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadBytesOf(int descriptor, [Out] byte[] buffer, nint count);
}
