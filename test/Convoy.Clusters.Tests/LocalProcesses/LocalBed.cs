using System.Globalization;
using System.Text;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Clusters.Tests.LocalProcesses;

/// <summary>A state folder, and programs that wait for a word in a folder beside it.</summary>
public sealed class LocalBed : IOutputBed
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1FF;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-local-");
    private LocalCluster? cluster;

    public LocalBed()
    {
        // Tasks under other uids pass through, and say there that they started.
        File.SetUnixFileMode(root.FullName, (UnixFileMode)0x1ED);
        Directory.CreateDirectory(Words);
        File.SetUnixFileMode(Words, Everybody);
    }

    public static string TaskProgram => BuiltTask.Program;

    public string Root => root.FullName;

    public string StateFolder => Path.Combine(Root, "cluster");

    public string Words => Path.Combine(Root, "words");

    /// <summary>Puts a job's code into the folder given.</summary>
    public Func<string, string, CancellationToken, Task> Unpack { get; set; } = (_, _, _) => Task.CompletedTask;

    public string? PythonPath { get; set; }

    public long LogBytes { get; set; } = 1 << 20;

    public int? UidBase { get; set; } = 700_000;

    public OutputLimits OutputLimits { get; set; } = OutputLimits.Default;

    public LocalLogs Logs => new(StateFolder);

    public ITaskOutputs Outputs => cluster!.Outputs;

    public string OutputFolder(ClusterAssignment wish, int rank) => new StateLayout(StateFolder).Person(wish.OwnerNumber).Output(wish.Assignment.JobId, wish.Assignment.Attempt, rank);

    public IReadOnlyList<string> Waiting =>
        ["/bin/sh", "-c", $"w={Words}/$CONVOY_JOB_ID-$CONVOY_RANK; echo started >> $w.starts; while ! [ -e $w.end ]; do sleep 0.05; done; exit $(cat $w.end)"];

    public async Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2)
    {
        if (cluster is not null) await cluster.DisposeAsync();
        var options = new LocalClusterOptions
        {
            StateFolder = StateFolder,
            TaskProgram = TaskProgram,
            Nodes = nodes,
            GpusPerNode = devicesPerNode,
            ServerUrl = "http://127.0.0.1:7788",
            PythonPath = PythonPath,
            UidBase = UidBase,
            LogBytes = LogBytes,
            OutputLimits = OutputLimits,
            PollPeriod = TimeSpan.FromMilliseconds(20),
        };
        return cluster = await LocalCluster.OpenAsync(options, Unpack, TimeProvider.System, NullLogger<LocalCluster>.Instance, CancellationToken.None);
    }

    public static async Task UntilAsync(Func<bool> isSo)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!isSo()) await Task.Delay(20, deadline.Token);
    }

    /// <summary>Everything that a task has printed; it has ended.</summary>
    public async Task<string> OutputAsync(ClusterAssignment wish, int rank, int readBytes = 1 << 20)
    {
        var (job, attempt) = (wish.Assignment.JobId, wish.Assignment.Attempt);
        var text = new MemoryStream();
        for (long offset = 0; ;)
        {
            var slice = await Logs.ReadAsync(job, attempt, rank, offset, readBytes, CancellationToken.None);
            text.Write(slice.Bytes.Span);
            offset = slice.Offset + slice.Bytes.Length;
            if (slice.IsComplete) return Encoding.UTF8.GetString(text.ToArray());
            slice.Bytes.Length.ShouldBeGreaterThan(0, "an ended task's log must come to its end");
        }
    }

    public void End(JobId job, int rank, int exitCode)
    {
        var word = Path.Combine(Words, $"{job}-{rank}.end");
        File.WriteAllText(word + ".new", exitCode.ToString(CultureInfo.InvariantCulture));
        File.Move(word + ".new", word, overwrite: true);
    }

    public int StartsOf(JobId job, int rank)
    {
        var starts = Path.Combine(Words, $"{job}-{rank}.starts");
        return File.Exists(starts) ? File.ReadAllLines(starts).Length : 0;
    }

    /// <summary>Leaves no process and no file, however the test went.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAllAsync();
        await cluster!.DisposeAsync();
        Directory.Delete(root.FullName, recursive: true);
    }

    private async Task StopAllAsync()
    {
        var current = await OpenAsync();
        var known = Directory.GetFiles(StateFolder, "wish.json", SearchOption.AllDirectories);
        foreach (var file in known)
        {
            var wish = System.Text.Json.JsonSerializer.Deserialize(await File.ReadAllBytesAsync(file), LocalJson.Default.ClusterAssignment)!;
            if (wish.Assignment.Wanted == WantedState.Run) await current.ApplyAsync([wish.Stopped()], CancellationToken.None);
            await current.UntilEndedAsync(wish);
        }
    }
}
