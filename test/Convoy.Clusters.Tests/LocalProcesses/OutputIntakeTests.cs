using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class OutputIntakeTests : IDisposable
{
    private static readonly AttemptOutput Ended = new(JobId.Parse("jkept00000"), 1, 1);

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-intake-");

    [Fact]
    public async Task What_was_kept_stays_when_the_end_of_its_job_is_no_longer_remembered()
    {
        var layout = new StateLayout(root.FullName);
        var store = new OutputStore(layout.Outputs);
        var folder = layout.Person(Ended.Owner).Output(Ended.Job, Ended.Attempt, 0);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "model"), "weights");
        using var intake = new OutputIntake(layout, store, OutputLimits.Default, _ => null, _ => false, TimeProvider.System, NullLogger.Instance);

        // Twice, as after a start that found it both among what was left and among what ends now.
        intake.Add(Ended);
        intake.Add(Ended);
        var last = Ended with { Job = JobId.Parse("jlast00000") };
        Directory.CreateDirectory(layout.Person(last.Owner).Output(last.Job, last.Attempt, 0));
        await File.WriteAllTextAsync(Path.Combine(layout.Person(last.Owner).Output(last.Job, last.Attempt, 0), "note"), "done");
        intake.Add(last);
        intake.Start();

        await LocalBed.UntilAsync(() => store.Summary(last.Job, 1, 0) is not null);
        store.Summary(Ended.Job, 1, 0).ShouldNotBeNull().Files.ShouldBe(1);
        Directory.Exists(folder).ShouldBeFalse();
    }

    public void Dispose() => root.Delete(recursive: true);
}
