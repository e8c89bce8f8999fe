using System.Globalization;
using Convoy.Core.Languages;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Fuse;

/// <summary>A way to the kernel: requests come from it, and each is answered on the one it came from.</summary>
internal sealed unsafe class FuseDevice : IDisposable
{
    private const string Place = "/dev/fuse";

    /// <summary>Read and written by who answers at once, and so is not closed meanwhile.</summary>
    private readonly int descriptor;
    private readonly SafeFileHandle handle;

    private FuseDevice(int descriptor)
    {
        this.descriptor = descriptor;
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Mounts a new file system, whose requests come from what is returned.</summary>
    /// <exception cref="FuseUnavailableException">There is none to be had, or it may not be mounted.</exception>
    public static FuseDevice Open(string mountPoint, string source)
    {
        var opened = Libc.Open(Place, Libc.OpenReadWrite | Libc.CloseOnExec);
        if (opened < 0)
        {
            var error = Libc.LastError;
            throw new FuseUnavailableException(error switch
            {
                Libc.NotFound or Libc.NoDevice or Libc.NoSuchDevice => (Text)$"data sets cannot be mounted here: there is no {Place}; load the module fuse on the node, or give the container the device. Tasks can read the data set by Python",
                Libc.NotPermitted or Libc.NoAccess => $"data sets cannot be mounted here: this process may not open {Place}. Tasks can read the data set by Python",
                _ => $"data sets cannot be mounted here: {Place}: {Libc.Explain(error)}. Tasks can read the data set by Python",
            });
        }

        var device = new FuseDevice(opened);
        try
        {
            device.Mount(mountPoint, source);
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Another way to the same file system, so that threads do not wait for each other. Null where the kernel gives none.</summary>
    public FuseDevice? Clone()
    {
        var opened = Libc.Open(Place, Libc.OpenReadWrite | Libc.CloseOnExec);
        if (opened < 0) return null;
        var clone = new FuseDevice(opened);
        var source = (uint)descriptor;
        if (Libc.DeviceControl(opened, FuseWire.CloneDevice, &source) == 0) return clone;
        clone.Dispose();
        return null;
    }

    /// <summary>Bytes of the next request, for which the caller waits.</summary>
    /// <returns>0 where the one that came is gone already; negative where the file system is unmounted.</returns>
    public int Next(byte* buffer, int length)
    {
        var read = Libc.Read(descriptor, buffer, (nuint)length);
        if (read >= 0) return (int)read;
        return Libc.LastError is Libc.NotFound or Libc.Interrupted or Libc.TryAgain ? 0 : -1;
    }

    /// <summary>Answers with what lies in so many places, the head first. That nobody waits for it any more is no error.</summary>
    public void Reply(Libc.Span* spans, int count) => _ = Libc.Write(descriptor, spans, count);

    /// <summary>Answers from any thread, also while the file system ends.</summary>
    /// <param name="error">Of what failed; 0 where <paramref name="content"/> is the answer.</param>
    public void ReplyLater(ulong unique, int error, ReadOnlySpan<byte> content)
    {
        var holds = false;
        try
        {
            handle.DangerousAddRef(ref holds);
            fixed (byte* start = content)
            {
                var head = new FuseReplyHead { Length = (uint)(sizeof(FuseReplyHead) + content.Length), Error = -error, Unique = unique };
                var spans = stackalloc Libc.Span[2];
                spans[0] = new Libc.Span { Start = (byte*)&head, Length = (nuint)sizeof(FuseReplyHead) };
                spans[1] = new Libc.Span { Start = start, Length = (nuint)content.Length };
                Reply(spans, content.IsEmpty ? 1 : 2);
            }
        }
        catch (ObjectDisposedException)
        {
            // With the file system everybody who waited is gone.
        }
        finally
        {
            if (holds) handle.DangerousRelease();
        }
    }

    public void Dispose() => handle.Dispose();

    private void Mount(string mountPoint, string source)
    {
        // Owned by root and readable by all, whatever the user of a task: allow_other.
        var options = string.Create(CultureInfo.InvariantCulture, $"fd={descriptor},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions");
        if (Libc.Mount(source, mountPoint, "fuse.convoy", Libc.ForReading | Libc.NoSetUserId | Libc.NoDevices, options) == 0) return;
        var error = Libc.LastError;
        throw new FuseUnavailableException(error switch
        {
            Libc.NotPermitted or Libc.NoAccess => (Text)$"data sets cannot be mounted here: this process may not mount; it needs the capability CAP_SYS_ADMIN, as a privileged container has it. Tasks can read the data set by Python",
            Libc.NoDevice => $"data sets cannot be mounted here: the kernel has no FUSE; load the module fuse on the node. Tasks can read the data set by Python",
            Libc.NotFound or Libc.NotFolder => $"data sets cannot be mounted at {mountPoint}: it is no folder",
            _ => $"data sets cannot be mounted at {mountPoint}: {Libc.Explain(error)}. Tasks can read the data set by Python",
        });
    }
}
