using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// The <c>exit</c> file. Nobody else knows how the task ended, and a task often ends because the disk is full: so room for
/// it is kept from the start on, and a failed write is tried again while the rest of the task is being stopped.
/// </summary>
internal sealed class ExitRecord
{
    private const string ReserveName = ".reserve";
    private const uint OwnerOnly = 0x180; // 0600
    private const int ReserveBytes = 32 << 10;
    private const int Attempts = 300, PauseMilliseconds = 1_000;

    private readonly string _folder;
    private readonly string _reserve;
    private TaskExit? _exit;
    private int _attempts;
    private long _nextAttempt = long.MinValue;

    public ExitRecord(string folder)
    {
        _folder = folder;
        _reserve = Path.Combine(folder, ReserveName);
        var file = Libc.Open(_reserve, Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.OpenNoFollow | Libc.CloseOnExec, OwnerOnly);
        if (file < 0) return;
        _ = Libc.WriteAll(file, new byte[ReserveBytes], out _);
        _ = Libc.Close(file);
    }

    public bool IsWritten { get; private set; }

    /// <summary>Written, or given up: then the platform finds a task that started and was lost.</summary>
    public bool IsSettled => IsWritten || _attempts >= Attempts;

    public void Set(TaskExit exit) => _exit = exit;

    /// <summary>Does nothing where there is nothing to write, or not yet again. Returns the milliseconds until it is worth calling again.</summary>
    public long TryWrite()
    {
        if (_exit is null || IsSettled) return long.MaxValue;
        var now = Environment.TickCount64;
        if (now < _nextAttempt) return _nextAttempt - now;
        _attempts++;
        if (Write(saysWhyNot: false)) return long.MaxValue;
        _ = Libc.Unlink(_reserve);
        if (Write(saysWhyNot: _attempts == 1)) return long.MaxValue;
        _nextAttempt = now + PauseMilliseconds;
        return PauseMilliseconds;
    }

    private bool Write(bool saysWhyNot)
    {
        try
        {
            DurableFile.Write(_folder, TaskFolder.Exit, JsonSerializer.SerializeToUtf8Bytes(_exit!, TaskJson.Default.TaskExit));
            _ = Libc.Unlink(_reserve);
            return IsWritten = true;
        }
        catch (IOException e)
        {
            if (saysWhyNot) Output.Error(e.Message);
            return false;
        }
    }
}
