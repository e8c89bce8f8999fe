using System.Globalization;
using System.Text;

namespace Convoy.Supervision;

/// <summary>Which byte came when. Thinned by half and made coarser when it grows, so that its size is bounded too.</summary>
internal sealed class LogIndex(string path, TimeProvider time) : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600
    private const int Lines = 32_768;

    private readonly List<(long Milliseconds, long Offset)> _kept = [];
    private int _file = Open(path);
    private long _spacing = 250;

    /// <summary>The last line may be half written, on a full disk: the next one must not join it.</summary>
    private bool _isCut;

    public void Add(long offset)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        // A clock set back makes no line: they must rise.
        if (_kept.Count > 0 && now < _kept[^1].Milliseconds + _spacing) return;
        _kept.Add((now, offset));
        if (_kept.Count >= Lines) Thin();
        else if (_file >= 0) _isCut = Libc.WriteAll(_file, _isCut ? [(byte)'\n', .. Line(_kept[^1])] : Line(_kept[^1]), out _) != 0;
    }

    public void Dispose()
    {
        if (_file >= 0) _ = Libc.Close(_file);
        _file = -1;
    }

    private void Thin()
    {
        for (var i = 0; i < _kept.Count / 2; i++) _kept[i] = _kept[2 * i];
        _kept.RemoveRange(_kept.Count / 2, _kept.Count - (_kept.Count / 2));
        _spacing *= 2;
        Dispose();
        var temporary = path + ".tmp";
        _file = Open(temporary);
        if (_file < 0) return;
        _ = Libc.WriteAll(_file, _kept.SelectMany(Line).ToArray(), out _);
        _ = Libc.Rename(temporary, path);
    }

    private static int Open(string path) =>
        Libc.Open(path, Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.OpenAppend | Libc.OpenNoFollow | Libc.CloseOnExec, OwnerOnly);

    private static byte[] Line((long Milliseconds, long Offset) entry) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{entry.Milliseconds} {entry.Offset}\n"));
}
