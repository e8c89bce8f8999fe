using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// Says to other processes, which have a version's packs mapped, what of them they may read: a file with a word for each segment of the version, mapped by them.
/// The lower half of a word is how many bytes of the segment, from its first, are held and known to be right. The upper half grows whenever
/// that becomes less, and before any byte is taken away. Who finds the same word before and after has read right bytes.
/// </summary>
/// <remarks>
/// The file belongs to the version for good, so a word never comes to mean another segment; an agent that is started again begins by withdrawing
/// what a killed one said, in the same file, since those who read still look there.
/// </remarks>
internal sealed unsafe class HeldTable : IDisposable
{
    public const string Ending = ".held";
    private const int WordBytes = sizeof(ulong);
    private const int HalfBits = 32;
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly SafeFileHandle file;
    private readonly ulong* words;
    private readonly int count;

    private HeldTable(string path, SafeFileHandle file, int count)
    {
        (Path, this.file, this.count) = (path, file, count);
        if (count == 0) return;
        var start = Libc.Map(0, (nuint)count * WordBytes, Libc.Readable | Libc.Writable, Libc.Shared, file, 0);
        if (start == -1) throw new IOException($"{path}: {Libc.Explain(Libc.LastError)}", Libc.LastError);
        words = (ulong*)start;
    }

    public string Path { get; }

    /// <summary>The one that is there is gone on with. Nothing is held until it is said.</summary>
    /// <exception cref="IOException">It cannot be made; the disk may be full.</exception>
    public static HeldTable Open(string path, int segments)
    {
#pragma warning disable CA2000 // It is the table's, or goes below.
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
#pragma warning restore CA2000
        try
        {
            File.SetUnixFileMode(file, OwnersAlone);
            // Written, so that the disk has room for it before it is mapped; and never cut off, since who has it mapped would be killed by it.
            var length = RandomAccess.GetLength(file);
            if (length < (long)segments * WordBytes) RandomAccess.Write(file, new byte[((long)segments * WordBytes) - length], length);
            var table = new HeldTable(path, file, segments);
            table.Withdraw();
            return table;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>To be done before anything else is done with the packs of a folder.</summary>
    public static void WithdrawAll(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending))
        {
            using var table = Open(path, (int)(new FileInfo(path).Length / WordBytes));
        }
    }

    /// <param name="bytes">That may be read of it.</param>
    public void Set(int segment, int bytes)
    {
        var word = words[segment];
        var times = word >> HalfBits;
        if (bytes < (int)(uint)word) times++;
        Interlocked.Exchange(ref words[segment], (times << HalfBits) | (uint)bytes);
    }

    /// <summary>What may be read of a segment, and a number that was never the same before a byte of it was taken away.</summary>
    public ulong this[int segment] => Volatile.Read(ref words[segment]);

    public void Withdraw()
    {
        for (var segment = 0; segment < count; segment++) Set(segment, 0);
    }

    public void Dispose()
    {
        if (words is not null) _ = Libc.Unmap((nint)words, (nuint)count * WordBytes);
        file.Dispose();
    }
}
