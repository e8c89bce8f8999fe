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

    [Fact]
    public async Task Whoever_leaves_more_than_can_be_read_in_hours_holds_up_nobody_else()
    {
        var layout = new StateLayout(root.FullName);
        var store = new OutputStore(layout.Outputs);
        using var intake = new OutputIntake(layout, store, OutputLimits.Default, _ => null, _ => false, TimeProvider.System, NullLogger.Instance);
        foreach (var i in Enumerable.Range(0, 20))
        {
            var huge = Ended with { Job = JobId.Parse($"jhuge0000{i:00}") };
            var folder = Directory.CreateDirectory(layout.Person(huge.Owner).Output(huge.Job, 1, 0)).FullName;
            await using (var file = File.Create(Path.Combine(folder, "sparse"))) file.SetLength(OutputLimits.Default.Bytes);
            intake.Add(huge);
        }

        var small = new AttemptOutput(JobId.Parse("jsmall00000"), 2, 1);
        Directory.CreateDirectory(layout.Person(small.Owner).Output(small.Job, 1, 0));
        await File.WriteAllTextAsync(Path.Combine(layout.Person(small.Owner).Output(small.Job, 1, 0), "model"), "weights");
        intake.Add(small);
        intake.Start();
        await LocalBed.UntilAsync(() => store.Summary(small.Job, 1, 0) is not null);
        store.Summary(JobId.Parse("jhuge000000"), 1, 0).ShouldBeNull();
    }

    [Fact]
    public void What_does_not_fit_is_told_with_how_much_it_needs()
    {
        var store = new OutputStore(root.FullName);
        store.CheckSpace(1);
        Should.Throw<OutputSpaceException>(() => store.CheckSpace(1L << 60)).BytesNeeded.ShouldBe(1L << 60);
    }

    public void Dispose() => root.Delete(recursive: true);
}
