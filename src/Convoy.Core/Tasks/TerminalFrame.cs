using System.Buffers.Binary;

namespace Convoy.Core.Tasks;

/// <summary>What a frame says. The letters are the protocol; those of a newer version are passed over.</summary>
public enum TerminalFrameKind
{
    /// <summary>First frame of a client: a <see cref="TerminalAttach"/>.</summary>
    Attach = 'A',

    /// <summary>Bytes for the program, as typed.</summary>
    Input = 'I',

    /// <summary>Nothing more will be typed.</summary>
    EndOfInput = 'E',

    /// <summary>The window has another size now: a <see cref="TerminalSize"/>.</summary>
    Resize = 'R',

    /// <summary>First frame to a client: a <see cref="TerminalAttached"/>.</summary>
    Attached = 'H',

    /// <summary>Bytes from the program, following those of the frame before.</summary>
    Output = 'O',

    /// <summary>How many bytes of input the program has been given since it started: 8 bytes, big endian.</summary>
    InputTaken = 'K',

    /// <summary>Another client types now. The last frame.</summary>
    TakenOver = 'T',

    /// <summary>The program has ended, and all of its output came before. The last frame.</summary>
    Ended = 'X',
}

/// <summary>
/// One frame between a task's terminal and who types into it. In a stream each is its kind, the length of its payload in 4 bytes,
/// big endian, and the payload; where messages keep their bounds (a WebSocket) it is kind and payload.
/// </summary>
/// <param name="Payload">At most <see cref="LongestPayload"/> bytes.</param>
public readonly record struct TerminalFrame(TerminalFrameKind Kind, ReadOnlyMemory<byte> Payload)
{
    public const int HeaderBytes = 5;
    public const int LongestPayload = 32 << 10;

    /// <summary>A client sends no more than this before it is told that the program has taken some of it.</summary>
    public const int InputWindow = 64 << 10;

    public TerminalFrame(TerminalFrameKind kind)
        : this(kind, default)
    {
    }

    public static TerminalFrame OfNumber(TerminalFrameKind kind, long number)
    {
        var payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(payload, number);
        return new TerminalFrame(kind, payload);
    }

    /// <summary>Of a payload that is one number; null where it is none.</summary>
    public long? Number => Payload.Length == sizeof(long) ? BinaryPrimitives.ReadInt64BigEndian(Payload.Span) : null;

    /// <summary>As in a stream.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderBytes + Payload.Length];
        WriteHeader(bytes, Kind, Payload.Length);
        Payload.CopyTo(bytes.AsMemory(HeaderBytes));
        return bytes;
    }

    public static void WriteHeader(Span<byte> header, TerminalFrameKind kind, int length)
    {
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
    }

    /// <summary>Kind and length; false where no frame is so long.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out TerminalFrameKind kind, out int length)
    {
        kind = (TerminalFrameKind)header[0];
        length = BinaryPrimitives.ReadInt32BigEndian(header[1..]);
        return length is >= 0 and <= LongestPayload;
    }
}

/// <summary>Of a window, in characters.</summary>
public readonly record struct TerminalSize(int Rows, int Columns)
{
    private const int Most = ushort.MaxValue;

    public byte[] ToBytes()
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)Math.Clamp(Rows, 0, Most));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)Math.Clamp(Columns, 0, Most));
        return bytes;
    }

    public static TerminalSize? Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 4 ? null : new TerminalSize(BinaryPrimitives.ReadUInt16BigEndian(bytes), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
}

/// <summary>A client's first words.</summary>
/// <param name="Size">Null where the client has no window.</param>
/// <param name="Session">Random, the same whenever one client comes back after its connection broke.</param>
/// <param name="From">The number of the first byte of output that is wanted; null: the most recent.</param>
/// <param name="IsBack">It was attached before, and does not take over from whoever has come since.</param>
public sealed record TerminalAttach(TerminalSize? Size, long Session, long? From, bool IsBack)
{
    private const int Length = 4 + (2 * sizeof(long)) + 1;

    public TerminalFrame ToFrame()
    {
        var payload = new byte[Length];
        (Size ?? default).ToBytes().CopyTo(payload, 0);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(4), Session);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(12), From ?? -1);
        payload[20] = IsBack ? (byte)1 : (byte)0;
        return new TerminalFrame(TerminalFrameKind.Attach, payload);
    }

    /// <summary>Null where it is none.</summary>
    public static TerminalAttach? Read(TerminalFrame frame)
    {
        var payload = frame.Payload.Span;
        if (frame.Kind != TerminalFrameKind.Attach || payload.Length < Length) return null;
        var from = BinaryPrimitives.ReadInt64BigEndian(payload[12..]);
        return new TerminalAttach(TerminalSize.Read(payload) is { Rows: > 0, Columns: > 0 } size ? size : null, BinaryPrimitives.ReadInt64BigEndian(payload[4..]), from < 0 ? null : from, payload[20] != 0);
    }
}

/// <summary>What a client finds.</summary>
/// <param name="Offset">Number of the first byte of output that follows; bytes are numbered as in the task's log.</param>
/// <param name="InputTaken">As <see cref="TerminalFrameKind.InputTaken"/> says; what a returning client sent after it is lost, and to be sent again.</param>
public sealed record TerminalAttached(long Offset, long InputTaken)
{
    public TerminalFrame ToFrame()
    {
        var payload = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(payload, Offset);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(sizeof(long)), InputTaken);
        return new TerminalFrame(TerminalFrameKind.Attached, payload);
    }

    /// <summary>Null where it is none.</summary>
    public static TerminalAttached? Read(TerminalFrame frame)
    {
        var payload = frame.Payload.Span;
        return frame.Kind != TerminalFrameKind.Attached || payload.Length < 2 * sizeof(long)
            ? null
            : new TerminalAttached(BinaryPrimitives.ReadInt64BigEndian(payload), BinaryPrimitives.ReadInt64BigEndian(payload[sizeof(long)..]));
    }
}
