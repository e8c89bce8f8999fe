using System.Buffers.Binary;
using Convoy.Core.Datasets;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// Says which segments are held, and outlives the process and the machine. A record is appended after the bytes that it speaks of have reached the
/// disk, and before bytes that it gives up are taken away; so what it says is there, and what it does not say is absent, whatever the files hold.
/// </summary>
internal sealed class ResidencyJournal : IDisposable
{
    /// <summary>CRC-32C of what follows, number of the segment, bytes held of it, nothing, and the hash of the pack.</summary>
    private const int RecordBytes = 16 + Sha256.Size;

    /// <summary>So many records more than twice those that count are worth writing anew.</summary>
    private const int WorthCompacting = 1024;
    private readonly SafeFileHandle file;
    private long end;

    private ResidencyJournal(SafeFileHandle file, long end) => (this.file, this.end) = (file, end);

    private static ReadOnlySpan<byte> Magic => "convoyr\x01"u8;

    /// <param name="held">Is told of each segment that is held.</param>
    public static ResidencyJournal Open(string path, Action<HeldSegment> held)
    {
        var (segments, records, end) = Replay(path);
        if (records > (2 * segments.Count) + WorthCompacting) end = Rewrite(path, segments.Values);
#pragma warning disable CA2000 // It is the journal's.
        var journal = new ResidencyJournal(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read), end);
#pragma warning restore CA2000
        journal.CutTail();
        foreach (var segment in segments.Values) held(segment);
        return journal;
    }

    /// <summary>Durable when it returns. One call at a time.</summary>
    public void Append(IReadOnlyCollection<HeldSegment> segments)
    {
        if (segments.Count == 0) return;
        var records = Records(segments);
        RandomAccess.Write(file, records, end);
        if (Libc.FlushData(file) != 0) throw new IOException($"the residency journal: {Libc.Explain(Libc.LastError)}", Libc.LastError);
        end += records.Length;
    }

    public void Dispose() => file.Dispose();

    /// <summary>A record that was being written when the machine stopped, and whatever stands behind it.</summary>
    private void CutTail()
    {
        if (end == 0)
        {
            RandomAccess.Write(file, Magic, 0);
            end = Magic.Length;
        }

        RandomAccess.SetLength(file, end);
        RandomAccess.FlushToDisk(file);
    }

    private static (Dictionary<(Sha256 Pack, int Segment), HeldSegment> Held, int Records, long End) Replay(string path)
    {
        var held = new Dictionary<(Sha256, int), HeldSegment>();
        var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        if (!bytes.AsSpan().StartsWith(Magic)) return (held, 0, 0);
        var (at, records) = (Magic.Length, 0);
        for (; at + RecordBytes <= bytes.Length && Read(bytes.AsSpan(at, RecordBytes)) is { } segment; at += RecordBytes, records++)
        {
            if (segment.Bytes == 0) held.Remove((segment.Pack, segment.Segment));
            else held[(segment.Pack, segment.Segment)] = segment;
        }

        return (held, records, at);
    }

    private static long Rewrite(string path, IReadOnlyCollection<HeldSegment> segments)
    {
        var beside = path + ".new";
        var records = Records(segments);
        using (var file = File.OpenHandle(beside, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, Magic, 0);
            RandomAccess.Write(file, records, Magic.Length);
            RandomAccess.FlushToDisk(file);
        }

        // Which of the two is found after a crash does not matter: both say the same.
        File.Move(beside, path, overwrite: true);
        return Magic.Length + records.Length;
    }

    private static byte[] Records(IReadOnlyCollection<HeldSegment> segments)
    {
        var records = new byte[segments.Count * RecordBytes];
        var at = 0;
        foreach (var segment in segments)
        {
            var record = records.AsSpan(at, RecordBytes);
            BinaryPrimitives.WriteInt32LittleEndian(record[4..], segment.Segment);
            BinaryPrimitives.WriteInt32LittleEndian(record[8..], segment.Bytes);
            segment.Pack.Write(record[16..]);
            BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Of(record[4..]));
            at += RecordBytes;
        }

        return records;
    }

    private static HeldSegment? Read(ReadOnlySpan<byte> record)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Crc32C.Of(record[4..])) return null;
        return new HeldSegment(Sha256.Read(record[16..]), BinaryPrimitives.ReadInt32LittleEndian(record[4..]), BinaryPrimitives.ReadInt32LittleEndian(record[8..]));
    }
}

/// <param name="Segment">Of its pack.</param>
/// <param name="Bytes">From its first; 0 where it is held no more.</param>
internal readonly record struct HeldSegment(Sha256 Pack, int Segment, int Bytes);
