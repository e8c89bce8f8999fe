using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

/// <summary>Answers as a server would give them.</summary>
internal static class Views
{
    public const string Id = "j0123456789abcde";

    public static JobView Job(JobPhase phase, string name = "digits", int tasks = 1, FailureView? failure = null) => new()
    {
        Id = Id,
        Name = name,
        User = "mei",
        Level = "engineer",
        Queue = "mei",
        Priority = JobPriority.Normal,
        Framework = Framework.Command,
        Tasks = tasks,
        Gpus = 8 * tasks,
        GpusPerTask = 8,
        Phase = phase,
        SubmittedAt = DateTimeOffset.UnixEpoch,
        Restarts = 0,
        PlatformRestarts = 0,
        Nodes = ["node-0"],
        Failure = failure,
    };

    public static FailureView Failure { get; } = new(1, "worker", 3, "node-1", 7, null, FailureClass.User, null);

    public static string Log(int rank, string cursor, byte[] bytes, int attempt = 1) =>
        FakeServer.Event("log", cursor, new LogChunk(attempt, "worker", rank, 0, bytes), WireJson.Default.LogChunk);

    public static string End(JobView job) => FakeServer.Event("end", null, job, WireJson.Default.JobView);
}
