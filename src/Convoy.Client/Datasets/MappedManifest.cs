using System.Buffers;
using System.IO.MemoryMappedFiles;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>A manifest in a file, mapped: what is not looked at takes no memory.</summary>
public sealed unsafe class MappedManifest : MemoryManager<byte>
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly int length;
    private byte* start;

    private MappedManifest(string path, int length)
    {
        this.length = length;
        file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    /// <summary>Readable until this is disposed of.</summary>
    public Manifest Manifest { get; private set; } = null!;

    /// <param name="isTrusted">Whether it was read before, and is known by its hash.</param>
    /// <exception cref="BadManifestException">It is none.</exception>
    public static MappedManifest Open(string path, bool isTrusted)
    {
        var length = new FileInfo(path).Length;
        if (length is 0 or > int.MaxValue) throw new BadManifestException($"this is no manifest of a data set");
        var mapped = new MappedManifest(path, (int)length);
        try
        {
            mapped.Manifest = isTrusted ? Manifest.Trust(mapped.Memory) : Manifest.Read(mapped.Memory);
            return mapped;
        }
        catch
        {
            ((IDisposable)mapped).Dispose();
            throw;
        }
    }

    public override Span<byte> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (start is null) return;
        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
