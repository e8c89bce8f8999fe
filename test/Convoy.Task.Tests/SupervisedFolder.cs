using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

/// <summary>A task's folder with a real supervisor on it, and room beside it for what the task writes.</summary>
internal sealed class SupervisedFolder : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("convoy-task-");
    private readonly List<Process> _supervisors = [];

    public SupervisedFolder()
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Room);
        File.SetUnixFileMode(_root.FullName, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Room, (UnixFileMode)0b111_111_111);
    }

    /// <summary>The built program beside the tests, or the one that the environment names (as published ahead of time).</summary>
    public static string Program => BuiltTask.Program;

    public string Folder => Path.Combine(_root.FullName, "task");

    /// <summary>Where any user may write.</summary>
    public string Room => Path.Combine(_root.FullName, "room");

    /// <summary>What the supervisor finds in its own environment.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    public TaskExit? Exit => Has(TaskFolder.Exit) ? JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(TaskFolder.Exit)), TaskJson.Default.TaskExit) : null;

    public TaskStart? Started => Has(TaskFolder.Started) ? JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(TaskFolder.Started)), TaskJson.Default.TaskStart) : null;

    public IReadOnlyList<DatasetUse>? Datasets => Has(TaskFolder.Datasets) ? JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(TaskFolder.Datasets)), TaskJson.Default.IReadOnlyListDatasetUse) : null;

    public string Log => Encoding.UTF8.GetString([.. Segments().SelectMany(segment => segment.Bytes)]);

    /// <summary>A shell script as the task; <c>$ROOM</c> and <c>$FOLDER</c> are in its environment.</summary>
    public TaskOrder Shell(string script) => Direct("/bin/sh", "-c", script);

    public TaskOrder Python(string script) => Direct("/usr/bin/python3", "-c", script);

    public TaskOrder Direct(params string[] command) => new()
    {
        Command = command,
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin", ["ROOM"] = Room, ["FOLDER"] = Folder },
        WorkingDirectory = "/",
        CgroupName = _root.Name,
        GraceMilliseconds = 20_000,
    };

    public void Order(TaskOrder order) => File.WriteAllBytes(PathOf(TaskFolder.Order), JsonSerializer.SerializeToUtf8Bytes(order, TaskJson.Default.TaskOrder));

    public Process Start()
    {
        var start = new ProcessStartInfo(Program, ["run", Folder]) { RedirectStandardError = true };
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        _supervisors.Add(process);
        return process;
    }

    public Process Start(TaskOrder order)
    {
        Order(order);
        return Start();
    }

    /// <summary>Runs the supervisor to its end.</summary>
    public async Task<int> RunAsync(TaskOrder order) => await EndAsync(Start(order));

    public async Task<int> RunAsync() => await EndAsync(Start());

    public static async Task<int> EndAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"not within {Patience}: {what}");
            await Task.Delay(20);
        }
    }

    public void Stop() => File.Create(PathOf(TaskFolder.Stop)).Dispose();

    public bool Has(string name) => File.Exists(PathOf(name));

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string RoomPath(string name) => Path.Combine(Room, name);

    public string[] RoomLines(string name) => File.Exists(RoomPath(name)) ? File.ReadAllLines(RoomPath(name)) : [];

    public string Script(string name, string content, bool executable = true)
    {
        var path = RoomPath(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, executable ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100);
        return path;
    }

    public IReadOnlyList<(long Start, byte[] Bytes)> Segments()
    {
        var log = PathOf(TaskFolder.Log);
        if (!Directory.Exists(log)) return [];
        return [.. Directory.GetFiles(log).Where(path => Path.GetFileName(path) != TaskFolder.LogIndex).Order(StringComparer.Ordinal)
            .Select(path => (long.Parse(Path.GetFileName(path), NumberStyles.None), File.ReadAllBytes(path)))];
    }

    public bool LockIsFree()
    {
        try
        {
            // .NET takes an exclusive flock for it.
            using var file = new FileStream(PathOf(TaskFolder.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static bool Lives(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var process in _supervisors)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        _root.Delete(recursive: true);
    }
}
