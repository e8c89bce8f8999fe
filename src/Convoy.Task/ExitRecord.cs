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

    /// <summary>Each try counts twice: before and after the reserve is given up.</summary>
    private const int MostFailures = 600, PauseMilliseconds = 1_000;

    private readonly string _folder;
    private readonly string _reserve;
    private TaskExit? _exit;
    private int _failures;
    private long _nextAttempt = long.MinValue;

    public ExitRecord(string folder)
    {
        _folder = folder;
        _reserve = Path.Combine(folder, ReserveName);
        var file = Libc.Open(_reserve, Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.OpenNoFollow | Libc.CloseOnExec, OwnerOnly);
        if (file < 0) return;
        HasReserve = Libc.WriteAll(file, new byte[ReserveBytes], out _) == 0;
        _ = Libc.Close(file);
    }

    /// <summary>Room for it is there. Where it is not, a task had better not start.</summary>
    public bool HasReserve { get; }

    public bool IsWritten { get; private set; }

    /// <summary>Written, or given up because the folder is gone or its disk broken: then the platform finds a task that started and was lost. A full disk is waited for.</summary>
    public bool IsSettled => IsWritten || _failures >= MostFailures;

    public void Set(TaskExit exit) => _exit = exit;

    /// <summary>Does nothing where there is nothing to write, or not yet again. Returns the milliseconds until it is worth calling again.</summary>
    public long TryWrite()
    {
        if (_exit is null || IsSettled) return long.MaxValue;
        var now = Environment.TickCount64;
        if (now < _nextAttempt) return _nextAttempt - now;
        if (Write(saysWhyNot: false)) return long.MaxValue;
        _ = Libc.Unlink(_reserve);
        if (Write(saysWhyNot: _nextAttempt == long.MinValue)) return long.MaxValue;
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
            if (!Libc.IsFull(e.HResult)) _failures++;
            if (saysWhyNot) Output.Error(e.Message);
            return false;
        }
    }
}
