using System.Runtime.InteropServices;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>
/// One thread that answers the kernel. It allocates nothing and never looks at the bytes of files: they go from the mapping to the kernel by
/// writev(2), within which a page that is not in memory holds up this thread alone and not the collector.
/// </summary>
internal sealed unsafe class FuseLoop : IDisposable
{
    /// <summary>More than a request without written bytes ever has.</summary>
    private const int RequestBytes = 64 << 10;
    private const int ReplyBytes = 128 << 10;
    private const int MostSpans = 32;
    private const int WritesAsked = 3, MayWrite = 2;
    private readonly Manifest manifest;
    private readonly FuseTree tree;
    private readonly IPackBytes bytes;
    private readonly FuseLateReads later;
    private readonly FuseDevice device;
    private readonly byte* request;
    private readonly byte* reply;
    private readonly Libc.Span* spans;
    private readonly FilePosition[] held = new FilePosition[MostSpans];
    private FuseTerms terms;
    private FilePosition last = new(-1, 0, 0);

    public FuseLoop(FuseDevice device, Manifest manifest, FuseTree tree, IPackBytes bytes, FuseLateReads later, FuseTerms terms)
    {
        (this.device, this.manifest, this.tree, this.bytes, this.later, this.terms) = (device, manifest, tree, bytes, later, terms);
        request = (byte*)NativeMemory.AlignedAlloc(RequestBytes, 4096);
        reply = (byte*)NativeMemory.AlignedAlloc(ReplyBytes, 4096);
        spans = (Libc.Span*)NativeMemory.Alloc((nuint)((MostSpans + 1) * sizeof(Libc.Span)));
    }

    private FuseRequest* Request => (FuseRequest*)request;

    private byte* Body => request + sizeof(FuseRequest);

    /// <summary>What the answer holds behind its head.</summary>
    private byte* Content => reply + sizeof(FuseReplyHead);

    /// <summary>The first request of all: both sides say what they can.</summary>
    /// <returns>What was agreed on; null where the kernel is too old, with its minor version, or where it has hung up.</returns>
    public FuseTerms? Negotiate(out uint minor)
    {
        int length;
        while ((length = device.Next(request, RequestBytes)) == 0);
        minor = 0;
        if (length < 0 || Request->Call != FuseCall.Init) return null;
        var wanted = (FuseInitRequest*)Body;
        minor = wanted->Minor;
        if (wanted->Major != FuseWire.Major || wanted->Minor < FuseWire.OldestMinor)
        {
            Fail(Libc.Invalid);
            return null;
        }

        terms = FuseTerms.Of(wanted, (uint)(length - sizeof(FuseRequest)), (FuseInitReply*)Content);
        Reply(sizeof(FuseInitReply));
        return terms;
    }

    /// <summary>Until the file system is unmounted.</summary>
    public void Run()
    {
        while (true)
        {
            var length = device.Next(request, RequestBytes);
            if (length < 0) return;
            if (length < sizeof(FuseRequest)) continue;
            try
            {
                Answer();
            }
#pragma warning disable CA1031 // The boundary of one request: of a manifest that was trusted and is damaged one reader gets an error, and all others are served on.
            catch (Exception)
#pragma warning restore CA1031
            {
                Fail(Libc.InputOutput);
            }
        }
    }

    public void Dispose()
    {
        device.Dispose();
        NativeMemory.AlignedFree(request);
        NativeMemory.AlignedFree(reply);
        NativeMemory.Free(spans);
    }

    private void Answer()
    {
        switch (Request->Call)
        {
            case FuseCall.Lookup: Lookup(); break;
            case FuseCall.GetAttributes: Describe(); break;
            case FuseCall.ExtendedAttributes: DescribeMore(); break;
            case FuseCall.Open: Open(); break;
            case FuseCall.Read: Read(); break;
            case FuseCall.OpenFolder: OpenFolder(); break;
            case FuseCall.ReadFolder: List(describes: false); break;
            case FuseCall.ReadFolderPlus: List(describes: true); break;
            case FuseCall.FileSystem: DescribeFileSystem(); break;
            case FuseCall.Access: Fail((((FuseAccessRequest*)Body)->Mask & MayWrite) != 0 ? Libc.ReadOnly : 0); break;
            case FuseCall.Release or FuseCall.ReleaseFolder or FuseCall.Destroy: Fail(0); break;
            case FuseCall.ReadLink: Fail(Libc.Invalid); break;
            case FuseCall.Forget or FuseCall.ForgetMany or FuseCall.Interrupt:
                // None of these is answered. A read that is interrupted ends as soon as its bytes come or cannot come, which takes a bounded time:
                // programs do not expect of a file that a signal makes its reading fail.
                break;
            case FuseCall.SetAttributes or FuseCall.SymbolicLink or FuseCall.MakeNode or FuseCall.MakeFolder or FuseCall.Unlink or FuseCall.RemoveFolder or FuseCall.Rename or FuseCall.Link
                or FuseCall.Write or FuseCall.SetExtended or FuseCall.RemoveExtended or FuseCall.Create or FuseCall.Allocate or FuseCall.Rename2 or FuseCall.TemporaryFile:
                Fail(Libc.ReadOnly);
                break;
            default: Fail(Libc.NotImplemented); break; // Extended attributes, flushes and locks among them: the kernel does not ask again.
        }
    }

    private void Lookup()
    {
        if (!IsFolder()) return;
        var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(Body);
        tree.Enter(tree.Find(FuseTree.FolderOf(Request->Inode), name), (FuseEntry*)Content);
        Reply(sizeof(FuseEntry));
    }

    private void Describe()
    {
        if (!IsKnown()) return;
        tree.Describe(Request->Inode, (FuseAttributesReply*)Content);
        Reply(sizeof(FuseAttributesReply));
    }

    private void DescribeMore()
    {
        if (!IsKnown()) return;
        tree.Describe(Request->Inode, (FuseExtendedAttributes*)Content);
        Reply(sizeof(FuseExtendedAttributes));
    }

    private void DescribeFileSystem()
    {
        tree.Describe((FuseFileSystemReply*)Content);
        Reply(sizeof(FuseFileSystemReply));
    }

    /// <summary>
    /// A file whose pieces are all held may stay in the kernel's memory. One that is not is read past it: kept there, it would be a hit that
    /// nobody promised, and would drive out what is.
    /// </summary>
    private void Open()
    {
        if ((((FuseOpenRequest*)Body)->Flags & WritesAsked) != 0) Fail(Libc.ReadOnly);
        else if (bytes.IsWhole && terms.CanOpenSilently) Fail(Libc.NotImplemented);
        else if (!tree.IsFile(Request->Inode)) Fail(Libc.NotFound);
        else ReplyOpen((bytes.IsWhole || HoldsAll(tree.FileOf(Request->Inode)) ? FuseWire.OpenKeepsCache : FuseWire.OpenDirect) | FuseWire.OpenNeedsNoFlush);
    }

    private bool HoldsAll(int file)
    {
        for (var (number, end) = (manifest.FirstChunk(file), manifest.FirstChunk(file + 1)); number < end; number++)
        {
            if (!bytes.Holds(number, manifest.ChunkAt(number))) return false;
        }

        return true;
    }

    private void OpenFolder()
    {
        if (terms.CanOpenFoldersSilently) Fail(Libc.NotImplemented);
        else ReplyOpen(FuseWire.OpenKeepsCache | FuseWire.OpenCachesFolder);
    }

    private void ReplyOpen(uint flags)
    {
        *(FuseOpenReply*)Content = new FuseOpenReply { Flags = flags };
        Reply(sizeof(FuseOpenReply));
    }

    private void List(bool describes)
    {
        if (!IsFolder()) return;
        var wanted = (FuseReadRequest*)Body;
        var room = (int)Math.Min(wanted->Size, ReplyBytes - (uint)sizeof(FuseReplyHead));
        Reply(new FuseListing(manifest, tree, Content, room).Write(FuseTree.FolderOf(Request->Inode), wanted->Offset, describes));
    }

    private void Read()
    {
        if (!tree.IsFile(Request->Inode))
        {
            Fail(Libc.IsFolder);
            return;
        }

        var wanted = (FuseReadRequest*)Body;
        var (file, offset, left) = (tree.FileOf(Request->Inode), (long)wanted->Offset, (long)wanted->Size);
        var first = (last.File == file && last.Start <= offset ? last : FilePosition.FirstOf(file, manifest)).At(offset, manifest);
        var at = last = first;
        var count = 0;
        try
        {
            for (var end = manifest.FirstChunk(file + 1); left > 0 && at.Piece < end; at = at.Following(manifest))
            {
                var piece = manifest.ChunkAt(at.Piece);
                var start = count < MostSpans ? bytes.Hold(at.Piece, piece) : null;
                if (start is null)
                {
                    later.Start(device, Request->Unique, first, offset, (int)wanted->Size);
                    return;
                }

                held[count++] = at;
                var within = Math.Max(0, offset - at.Start);
                var length = Math.Min(piece.Length - within, left);
                spans[count] = new Libc.Span { Start = start + within, Length = (nuint)length };
                left -= length;
            }

            ReplyHeld(count, (int)(wanted->Size - left));
        }
        finally
        {
            for (var i = 0; i < count; i++) bytes.Release(held[i].Piece, manifest.ChunkAt(held[i].Piece));
        }
    }

    private void ReplyHeld(int count, int length)
    {
        WriteHead(0, length);
        spans[0] = new Libc.Span { Start = reply, Length = (nuint)sizeof(FuseReplyHead) };
        device.Reply(spans, count + 1);
    }

    private bool IsFolder()
    {
        if (tree.IsFolder(Request->Inode)) return true;
        Fail(Libc.NotFolder);
        return false;
    }

    private bool IsKnown()
    {
        if (tree.IsFolder(Request->Inode) || tree.IsFile(Request->Inode)) return true;
        Fail(Libc.NotFound);
        return false;
    }

    /// <param name="error">0 where nothing is to be said.</param>
    private void Fail(int error)
    {
        WriteHead(error, 0);
        Send(sizeof(FuseReplyHead));
    }

    /// <param name="length">Of the content.</param>
    private void Reply(int length)
    {
        WriteHead(0, length);
        Send(sizeof(FuseReplyHead) + length);
    }

    private void WriteHead(int error, int length) => *(FuseReplyHead*)reply = new FuseReplyHead { Length = (uint)(sizeof(FuseReplyHead) + length), Error = -error, Unique = Request->Unique };

    private void Send(int length)
    {
        spans[0] = new Libc.Span { Start = reply, Length = (nuint)length };
        device.Reply(spans, 1);
    }
}
