using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>A folder of a person's, held open: what is done in it is done there, whatever its path means by then. Names are bytes that end in 0.</summary>
internal sealed class OpenFolder : SafeHandleMinusOneIsInvalid
{
    private const int BufferBytes = 16 << 10;

    /// <summary>Levels that are held open at once.</summary>
    private const int DeepestRemoval = 64;

    /// <summary>Whoever makes things faster than they are removed must not keep the platform at it.</summary>
    private const int MostRemovals = 50_000_000;

    /// <summary>Read, write and enter.</summary>
    private const int OwnerAll = 0b111_000_000;

    /// <summary>Of struct linux_dirent64.</summary>
    private const int LengthField = 16;
    private const int NameField = 19;

    /// <param name="descriptor">Negative where it could not be opened.</param>
    public OpenFolder(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>Invalid where there is none, or it may not be entered; a link is none.</summary>
    public static OpenFolder Open(string path) => NativeFiles.OpenFolder(path);

    /// <inheritdoc cref="Open"/>
    public OpenFolder OpenChild(byte[] name) => NativeFiles.OpenFolder(this, name);

    /// <summary>In no order, a few at a time.</summary>
    public IEnumerable<byte[]> Names()
    {
        var buffer = new byte[BufferBytes];
        while (NativeFiles.ReadFolder(this, buffer) is > 0 and var filled)
        {
            for (var at = 0; at < filled; at += MemoryMarshal.Read<ushort>(buffer.AsSpan(at + LengthField)))
            {
                var name = buffer.AsSpan(at + NameField);
                var length = name.IndexOf((byte)0);
                if (name[..length].SequenceEqual("."u8) || name[..length].SequenceEqual(".."u8)) continue;
                yield return name[..(length + 1)].ToArray();
            }
        }
    }

    /// <summary>Removes all that is in it, however deep: what is too deep is moved up until it is not.</summary>
    public void Empty()
    {
        var (removals, moved) = (0, 0);
        while (true)
        {
            var before = (removals, moved);
            using (var again = OpenChild([(byte)'.', 0])) EmptyOnce(again, 0);
            if (before == (removals, moved)) return;
        }

        void EmptyOnce(OpenFolder folder, int depth)
        {
            foreach (var name in folder.Names())
            {
                if (++removals > MostRemovals) throw new IOException("things are made in it while it is emptied");
                if (NativeFiles.Status(folder, name) is not { IsFolder: true } status)
                {
                    if (!NativeFiles.TryRemoveFile(folder, name) && NativeFiles.LastErrorNumber != NativeFiles.NoSuchFile) throw NativeFiles.LastError(Text(name));
                    continue;
                }

                if (depth == DeepestRemoval)
                {
                    var above = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $".removed-{++moved}-{Guid.NewGuid():N}\0"));
                    if (!NativeFiles.TryMove(folder, name, this, above)) throw NativeFiles.LastError(Text(name));
                    continue;
                }

                // One that its owner has closed to themselves.
                if ((status.Mode & OwnerAll) != OwnerAll) _ = NativeFiles.TryAllowAll(folder, name);
                using (var child = folder.OpenForRemoval(name)) EmptyOnce(child, depth + 1);
                if (!NativeFiles.TryRemoveFolder(folder, name)) throw NativeFiles.LastError(Text(name));
            }
        }
    }

    /// <summary>Readable: bytes that are no UTF-8 stand as <c>%XX</c>.</summary>
    public static string Text(ReadOnlySpan<byte> name)
    {
        name = name.TrimEnd((byte)0);
        var text = new StringBuilder();
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var taken) == System.Buffers.OperationStatus.Done) text.Append(rune.ToString());
            else foreach (var bad in name[..taken]) text.Append(CultureInfo.InvariantCulture, $"%{bad:X2}");
            name = name[taken..];
        }

        return text.ToString();
    }

    protected override bool ReleaseHandle() => Native.Close((int)handle) == 0;

    private OpenFolder OpenForRemoval(byte[] name)
    {
        var opened = OpenChild(name);
        if (!opened.IsInvalid) return opened;
        var error = NativeFiles.LastErrorNumber;
        opened.Dispose();
        // A folder that its owner has closed to themselves.
        if (error != NativeFiles.NotAllowed || !NativeFiles.TryAllowAll(this, name)) throw NativeFiles.LastError(Text(name));
        return OpenChild(name);
    }
}
