using System.CommandLine;
using System.Security.Cryptography;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

/// <summary>Warming up is a job like any other: it waits its turn, has its owner's rights, and ends when the data is there.</summary>
internal static class DatasetWarmVerb
{
    private const int All = 100;
    private const int LongestName = 63;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    public static Verb Build()
    {
        var dataset = DatasetVerbs.Reference();
        var share = Options.Number("--share", "PERCENT", "So much of it (default 100)", 0, All);
        var cluster = Options.Text("--cluster", "NAME", "On this cluster (default: whichever has room)");
        var detach = Options.Switch("--detach", "Do not wait until it is there");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("warm", "Bring a data set to a node before jobs need it, and show how far that is")
        {
            Examples = ["convoy dataset warm kitti", "convoy dataset warm kitti@v3 --share 50", "convoy dataset warm kitti --detach"],
            About = "It submits a job of one task without a device, which ends when the data is there. What is on a node stays there until others need the room.",
            SeeAlso = ["get", "dataset replicate"],
            Exits = ExitCodes.OfJobs,
            Arguments = { dataset },
            Options = { share, cluster, detach, format },
            Body = async (call, cancellationToken) =>
            {
                var meant = DatasetVerbs.Parse(call.Get(dataset));
                var name = $"warm-{meant.Name}";
                var spec = new JobSpec
                {
                    Name = (name.Length > LongestName ? name[..LongestName] : name).TrimEnd('-'),
                    Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Replicas = new Replicas(1, 1), Command = ["true"] } },
                    Datasets = [new DatasetSpec { Name = meant.Name.Value, Version = meant.Wanted, Share = call.Get(share) ?? All, StartAt = All }],
                    Placement = call.Get(cluster) is { } only ? new PlacementSpec { Clusters = [only] } : new PlacementSpec(),
                };
                var job = await call.Client.SubmitAsync(JobId.FromBits(RandomNumberGenerator.GetBytes(10)), spec, CancellationToken.None);
                call.Say($"job {JobEnd.Name(job)} brings {meant}");
                if (!call.Get(detach)) job = await FollowAsync(call, job, cancellationToken);
                call.Write(call.Get(format), job, Rendering.Indented.JobView, _ =>
                {
                    if (job.Datasets is [var use]) call.Output.Tell($"{use.Name}@{use.Version}: {Spans.Bytes(use.HeldBytes)} of {Spans.Bytes(use.Bytes)} on {string.Join(", ", job.Nodes)}, {Spans.Bytes(use.FilledBytes)} brought");
                    else call.Print(job.Id);
                });
                if (job.Phase == JobPhase.Succeeded && job.Datasets is [var end] && end.HeldBytes < end.WantedBytes)
                {
                    throw new CommandException(ExitCodes.JobFailed, "NotWarm", $"only {end.HeldBytes * All / end.WantedBytes} % of {meant} is on its node: {(end.Problem is { } problem ? Text.Verbatim(problem) : "nothing more came")}");
                }

                return job.Phase.IsFinished() ? JobEnd.Say(call, job) : ExitCodes.Success;
            },
        };
    }

    private static async Task<JobView> FollowAsync(Call call, JobView job, CancellationToken cancellationToken)
    {
        ProgressBar? bar = null;
        try
        {
            while (true)
            {
                job = await call.Client.GetJobAsync(job.Id, cancellationToken);
                if (job.Phase.IsFinished()) return job;
                if (job.Datasets is [var use])
                {
                    bar ??= new ProgressBar(call, Text.Of("bringing").Said(), use.WantedBytes);
                    bar.Show(use.HeldBytes, () => $"{Spans.Bytes(use.HeldBytes)} of {Spans.Bytes(use.WantedBytes)}{(use.FillRate is { } rate ? (Text)$", {Spans.Bytes(rate)}/s" : Text.None)}");
                }

                await Task.Delay(BetweenLooks, call.Time, cancellationToken);
            }
        }
        finally
        {
            bar?.Clear();
        }
    }
}
