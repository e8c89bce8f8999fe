namespace Convoy.Objects.Outputs;

/// <summary>The room that outputs may take. What several write at once is spoken for until it is there.</summary>
internal sealed class OutputSpace(string root)
{
    /// <summary>How much of the disk is left to others, who may not wait as outputs can; of a small disk a part.</summary>
    private const long LeftToOthers = 2L << 30;
    private const int LeftToOthersPart = 20;

    private readonly Lock gate = new();
    private long spokenFor;

    /// <param name="written">Of the same output, which is given up where there is no room for the rest.</param>
    /// <returns>To be disposed of when it is written.</returns>
    /// <exception cref="OutputSpaceException">There is less.</exception>
    public IDisposable Take(long bytes, long written)
    {
        lock (gate)
        {
            var disk = new DriveInfo(root);
            var free = disk.AvailableFreeSpace - Math.Min(LeftToOthers, disk.TotalSize / LeftToOthersPart) - spokenFor;
            if (bytes > free) throw new OutputSpaceException(bytes + written, Math.Max(free, 0) + written);
            spokenFor += bytes;
            return new Room(this, bytes);
        }
    }

    private sealed class Room(OutputSpace of, long bytes) : IDisposable
    {
        public void Dispose()
        {
            lock (of.gate) of.spokenFor -= bytes;
        }
    }
}

/// <summary>There is no room for an output.</summary>
/// <param name="bytesNeeded">At least.</param>
public sealed class OutputSpaceException(long bytesNeeded, long bytesFree) : IOException($"the disk is full: {bytesNeeded} bytes are needed and {bytesFree} may be used")
{
    /// <summary>For all of it, as far as is known.</summary>
    public long BytesNeeded { get; } = bytesNeeded;
}
