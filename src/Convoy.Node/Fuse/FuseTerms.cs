using System.Runtime.CompilerServices;

namespace Convoy.NodeAgent.Fuse;

/// <summary>What the kernel and this side agreed on when the file system was mounted.</summary>
internal sealed record FuseTerms(uint Minor, uint Flags)
{
    private const uint ReadsAtOnce = 1, EntriesWithAttributes = 1 << 13, EntriesAsAsked = 1 << 14, DirectReadsAtOnce = 1 << 15, OpensSilently = 1 << 17, ParallelFolders = 1 << 18, LargeReads = 1 << 22,
        OpensFoldersSilently = 1 << 24;

    public const uint Extended = 1 << 30;

    /// <summary>Without it, numpy.memmap of a file that is not held fails: the kernel refuses MAP_SHARED of what it may not cache. Linux 6.6.</summary>
    private const uint DirectFilesAreMapped = 1 << 4;

    private const uint Wished = ReadsAtOnce | EntriesWithAttributes | EntriesAsAsked | DirectReadsAtOnce | OpensSilently | ParallelFolders | LargeReads | OpensFoldersSilently | Extended;

    /// <summary>The most that the kernel asks for at once, where a page has 4 KiB: 1 MiB.</summary>
    private const ushort MostPages = 256;

    /// <summary>Reads ahead that the kernel has under way at once: a store answers late, and many are needed to keep it busy.</summary>
    private const ushort Background = 256;

    private const uint LeastWrite = 4096;

    /// <summary>Whether a refused OPEN is one that is never asked again.</summary>
    public bool CanOpenSilently => (Flags & OpensSilently) != 0;

    public bool CanOpenFoldersSilently => (Flags & OpensFoldersSilently) != 0;

    public static unsafe FuseTerms Of(FuseInitRequest* request, uint requestBytes, FuseInitReply* reply)
    {
        var extends = (request->Flags & Extended) != 0 && requestBytes >= sizeof(FuseInitRequest);
        Unsafe.InitBlock(reply, 0, (uint)sizeof(FuseInitReply));
        reply->Major = FuseWire.Major;
        reply->Minor = Math.Min(request->Minor, FuseWire.NewestMinor);
        reply->ReadAhead = request->ReadAhead;
        reply->Flags = request->Flags & Wished;
        reply->MoreFlags = extends ? request->MoreFlags & DirectFilesAreMapped : 0;
        reply->Background = Background;
        reply->Congested = Background / 4 * 3;
        reply->Write = LeastWrite;
        reply->TimeNanoseconds = 1;
        reply->Pages = MostPages;
        return new FuseTerms(reply->Minor, reply->Flags);
    }
}
