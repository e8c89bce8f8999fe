using System.Globalization;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>Where clients connect: a Unix socket in the task's folder, which only the supervisor's user may reach.</summary>
internal sealed unsafe class TerminalSocket : IDisposable
{
    private const int Backlog = 8;
    private const int PathBytes = 108; // sun_path
    private const uint NothingForOthers = 0x3F; // 077

    private readonly string _path;

    /// <exception cref="CannotStartException">It cannot be made.</exception>
    public TerminalSocket(string folder)
    {
        _path = Path.Combine(folder, TaskFolder.Terminal);
        _ = Libc.Unlink(_path);
        var opened = Libc.Open(folder, Libc.OpenRead | Libc.CloseOnExec);
        Descriptor = Libc.Socket(Libc.UnixFamily, Libc.StreamSocket | Libc.CloseOnExec | Libc.NonBlocking, 0);
        if (opened < 0 || Descriptor < 0) throw Failed();
        // A folder's path may be longer than an address: by its descriptor every path is short.
        var name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{opened}/{TaskFolder.Terminal}"));
        var address = stackalloc byte[2 + PathBytes];
        new Span<byte>(address, 2 + PathBytes).Clear();
        address[0] = Libc.UnixFamily;
        name.CopyTo(new Span<byte>(address + 2, PathBytes));
        var mask = Libc.SetCreationMask(NothingForOthers);
        var bound = Libc.Bind(Descriptor, address, (uint)(2 + name.Length + 1));
        _ = Libc.SetCreationMask(mask);
        if (bound < 0 || Libc.Listen(Descriptor, Backlog) < 0) throw Failed();
        _ = Libc.Close(opened);
    }

    public int Descriptor { get; }

    /// <summary>The next that has connected; null where none has.</summary>
    public int? Accept()
    {
        var client = Libc.Accept(Descriptor, null, null, Libc.NonBlocking | Libc.CloseOnExec);
        return client < 0 ? null : client;
    }

    public void Dispose()
    {
        _ = Libc.Unlink(_path);
        _ = Libc.Close(Descriptor);
    }

    private CannotStartException Failed() => new($"{_path}: {Libc.Explain(Libc.LastError)}");
}
