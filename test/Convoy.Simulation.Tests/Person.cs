using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Simulation.Tests;

/// <summary>Submits jobs now and then, and now and then changes their mind about one.</summary>
internal sealed class Person(Simulation simulation, string name)
{
    private readonly Timeline timeline = simulation.Timeline;
    private readonly List<Submission> submissions = [];

    public string Name => name;

    public IReadOnlyList<Submission> Submissions => submissions;

    public void Act()
    {
        if (simulation.IsClosing) return;
        switch (timeline.Random.Next(14))
        {
            case < 5:
                var submission = new Submission(simulation, name, $"{submissions.Count}", Spec());
                submissions.Add(submission);
                submission.Submit();
                break;
            case 5:
                Any()?.Submit();
                break;
            case 6:
                Any()?.SubmitOther();
                break;
            case 7:
                Any()?.Cancel();
                break;
            case 8 or 9:
                Any()?.Suspend();
                break;
            case 10:
                Any()?.Update(Change());
                break;
            case 11 or 12:
                Any()?.Retry();
                break;
            default:
                Any()?.Delete();
                break;
        }

        timeline.After(timeline.Between(0, 40), Act);
    }

    private Submission? Any()
    {
        var accepted = submissions.Where(submission => submission is { IsAccepted: true, IsDeleted: false }).ToArray();
        return accepted.Length == 0 ? null : accepted[timeline.Random.Next(accepted.Length)];
    }

    private TermsChange Change() => new(
        timeline.Pick<string?>(null, name, "default"), timeline.Pick<JobPriority?>(null, JobPriority.Low, JobPriority.High), timeline.Random.Next(3) == 0 ? timeline.Between(5, 90) : null);

    private JobSpec Spec()
    {
        var (least, gpus) = (timeline.Random.Next(1, 4), timeline.Random.Next(0, 3));
        var role = new RoleSpec
        {
            Command = ["train"],
            Replicas = new Replicas(least, least + timeline.Pick(0, 0, 2)),
            Resources = new ResourceSpec { Gpu = gpus, Cpu = new CpuQuantity(timeline.Pick(0, 500, 2000)), Accelerators = timeline.Pick<string[]>([], [], ["A100-80G"]) },
        };
        return new JobSpec
        {
            Name = "train",
            Priority = timeline.Pick(JobPriority.Low, JobPriority.Normal, JobPriority.High),
            Roles = new Dictionary<string, RoleSpec> { ["worker"] = role },
            Recovery = new RecoverySpec { MaxRestarts = timeline.Random.Next(3) },
            Limits = new LimitsSpec { MaxDuration = timeline.Random.Next(2) == 0 ? timeline.Between(5, 90) : null },
        };
    }
}
