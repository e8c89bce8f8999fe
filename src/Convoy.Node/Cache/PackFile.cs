using Convoy.Core.Datasets;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// What is held of a pack: a file of the pack's length with holes, mapped. A segment is held from its first byte up to an offset. Who reads counts
/// himself first and looks then; who takes bytes away says so first and waits then until nobody counts: so a reader sees bytes or is told of none.
/// </summary>
internal sealed unsafe class PackFile : IDisposable
{
    private readonly SafeFileHandle file;
    private readonly byte* start;
    private readonly int[] held;
    private readonly int[] readers;
    private readonly bool[] proven;
    private readonly List<(HeldTable Table, int First)> tables = [];

    private PackFile(string path, Sha256 name, int length, SafeFileHandle file, byte* start)
    {
        (Path, Name, Length, this.file) = (path, name, length, file);
        this.start = start;
        var segments = Pack.SegmentsOf(length);
        (held, readers, proven) = (new int[segments], new int[segments], new bool[segments]);
    }

    public string Path { get; }

    public Sha256 Name { get; }

    public int Length { get; }

    /// <summary>Of who writes and of who punches: what was written and is not held yet looks like what is held no more.</summary>
    public Lock Writing { get; } = new();

    public int Segments => held.Length;

    public static PackFile Open(string path, Sha256 name, int length)
    {
#pragma warning disable CA2000 // It is the pack file's, or goes below.
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
#pragma warning restore CA2000
        try
        {
            if (RandomAccess.GetLength(file) != length) RandomAccess.SetLength(file, length);
            var start = Libc.Map(0, (nuint)length, Libc.Readable, Libc.Shared, file, 0);
            if (start == -1) throw new IOException($"{path}: {Libc.Explain(Libc.LastError)}", Libc.LastError);
            return new PackFile(path, name, length, file, (byte*)start);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public int LengthOf(int segment) => Math.Min(PackLayout.SegmentBytes, Length - (segment * PackLayout.SegmentBytes));

    public int HeldOf(int segment) => Volatile.Read(ref held[segment]);

    /// <summary>Whether this process has seen that the segment's bytes are those published.</summary>
    public bool IsProven(int segment) => Volatile.Read(ref proven[segment]);

    /// <summary>Where the piece lies, until <see cref="Release"/>. Null where it is not held.</summary>
    public byte* Hold(Chunk piece) => TryHold(piece.Segment, EndOf(piece)) ? start + piece.Offset : null;

    /// <summary>Whether so many bytes of the segment are held; then they are until <see cref="Release"/>.</summary>
    public bool TryHold(int segment, int bytes)
    {
        Interlocked.Increment(ref readers[segment]);
        if (Volatile.Read(ref held[segment]) >= bytes) return true;
        Release(segment);
        return false;
    }

    public void Release(int segment) => Interlocked.Decrement(ref readers[segment]);

    public static int EndOf(Chunk piece) => (piece.Offset % PackLayout.SegmentBytes) + piece.Length;

    /// <summary>By a call and not by the mapping: a page that has to come from the disk must not be waited for in managed code.</summary>
    public bool TryRead(int offset, Span<byte> into)
    {
        for (var read = 0; read < into.Length;)
        {
            var more = RandomAccess.Read(file, into[read..], offset + read);
            if (more == 0) return false;
            read += more;
        }

        return true;
    }

    /// <summary>Before they are held. Durable when it returns.</summary>
    public void Write(int segment, ReadOnlySpan<byte> bytes) => RandomAccess.Write(file, bytes, (long)segment * PackLayout.SegmentBytes);

    public void Flush()
    {
        if (Libc.FlushData(file) != 0) throw new IOException($"pack {Name}: {Libc.Explain(Libc.LastError)}", Libc.LastError);
    }

    /// <param name="isProven">Whether its bytes were compared with their hash just now.</param>
    public void SetHeld(int segment, int bytes, bool isProven)
    {
        Volatile.Write(ref proven[segment], isProven);
        Interlocked.Exchange(ref held[segment], bytes);
        foreach (var (table, first) in tables) table.Set(first + segment, isProven ? bytes : 0);
    }

    /// <param name="first">Where its segments begin in the table, which says of them what is held from now on.</param>
    public void Show(HeldTable table, int first)
    {
        tables.Add((table, first));
        for (var segment = 0; segment < Segments; segment++) table.Set(first + segment, IsProven(segment) ? HeldOf(segment) : 0);
    }

    public void Hide(HeldTable table) => tables.RemoveAll(shown => shown.Table == table);

    /// <summary>Gives the disk back what lies behind the held bytes of a segment, when nobody reads it any more.</summary>
    public void Punch(int segment)
    {
        while (Volatile.Read(ref readers[segment]) > 0) Thread.Sleep(1);
        var keep = HeldOf(segment);
        if (keep >= LengthOf(segment)) return;
        if (Libc.Allocate(file, Libc.PunchHole | Libc.KeepSize, ((long)segment * PackLayout.SegmentBytes) + keep, LengthOf(segment) - keep) != 0) throw new IOException($"pack {Name}: {Libc.Explain(Libc.LastError)}", Libc.LastError);
    }

    /// <summary>Who comes late finds nothing held; those who read are waited for.</summary>
    public void Dispose()
    {
        for (var segment = 0; segment < Segments; segment++)
        {
            SetHeld(segment, 0, isProven: false);
            while (Volatile.Read(ref readers[segment]) > 0) Thread.Sleep(1);
        }

        _ = Libc.Unmap((nint)start, (nuint)Length);
        file.Dispose();
    }
}
