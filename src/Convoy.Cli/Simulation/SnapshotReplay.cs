using System.Diagnostics.CodeAnalysis;
using Convoy.Cli.Output;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Simulation;

/// <summary>Makes one plan of a snapshot that a server kept or handed out, and proves it.</summary>
internal static class SnapshotReplay
{
    private const long Largest = 512 << 20;

    public static async Task<int> RunAsync(Call call, string file, string? format, CancellationToken cancellationToken)
    {
        var view = Replay(Read(await InputFile.ReadAsync(file, Largest, "snapshot", cancellationToken), file));
        if (format == "json") Rendering.WriteJson(call.Output, view, CliJson.Default.ReplayView);
        else Write(call.Output, view);
        foreach (var violation in view.Violations) call.Say($"guarantee {violation.Guarantee}: job {violation.Job} {Printable.Of(violation.Message)}");
        if (view.IsSound) return ExitCodes.Success;
        call.Say(view.Failure is { } failure
            ? (Text)$"error[PlannerFailed]: the scheduler cannot plan this snapshot: {Printable.Of(failure)}; please report it with the snapshot"
            : $"error[PlanViolation]: the plan violates {Spans.Count(view.Violations.Count, "guarantee")}, and a server would drop what does; please report it with the snapshot");
        return ExitCodes.Invalid;
    }

    private static PlanningCase Read(ReadOnlyMemory<byte> bytes, string file)
    {
        var reading = SnapshotReader.Read(bytes.Span);
        return reading.Case ?? throw new InvalidFileException(
            InputFile.NameOf(file), reading.Problems, reading.Problems.Count, "planned", "a snapshot of the scheduler comes from GET /api/v1/scheduling/snapshot, or from server/snapshots in the state folder");
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of one replay: a mistake of the scheduler is what is looked for, and told as such.")]
    private static ReplayView Replay(PlanningCase planning)
    {
        try
        {
            var plan = Scheduler.Plan(planning.Snapshot, planning.Policy, planning.Now);
            return ReplayView.Of(planning, plan, PlanChecker.Violations(planning.Snapshot, planning.Policy, plan, planning.Now));
        }
        catch (Exception e)
        {
            return ReplayView.Failed(planning, e);
        }
    }

    private static void Write(TextWriter writer, ReplayView view)
    {
        writer.Tell($"at {Spans.Time(view.Now)} on {Spans.Count(view.Nodes, "node")}: {view.Starts.Count} start, {view.Evictions.Count} make way, {view.Resizes.Count} change their size, {view.Moves.Count} move, {view.Waiting.Count} wait");
        Section(writer, "STARTS", view.Starts, new TextTable("JOB", "USER", "LEVEL", "QUEUE", "TASKS", "GPUS", "TYPE", "NODES", "WHEN").AlignRight(4, 5), (table, start) => table.Add(
            start.Job, start.User, start.Level, start.Queue, $"{start.Tasks}", Amounts.Gpus(start.MilliGpus).Said(), start.Accelerator, string.Join(',', start.Nodes), (start.AfterOthers ? Text.Of("after others") : "now").Said()));
        Section(writer, "MAKE WAY", view.Evictions, new TextTable("JOB", "USER", "LEVEL", "QUEUE", "GPUS", "FOR", "CAUSE").AlignRight(4), (table, eviction) => table.Add(
            eviction.Job, eviction.User, eviction.Level, eviction.Queue, Amounts.Gpus(eviction.MilliGpus).Said(), eviction.For, eviction.Cause));
        Section(writer, "CHANGE SIZE", view.Resizes, new TextTable("JOB", "TASKS", "FOR"), (table, resize) => table.Add(resize.Job, Text.Of($"{resize.TasksBefore} to {resize.TasksAfter}").Said(), string.Join(',', resize.For)));
        Section(writer, "MOVE", view.Moves, new TextTable("JOB", "FROM", "TO", "FOR"), (table, move) => table.Add(move.Job, string.Join(',', move.From), string.Join(',', move.To), string.Join(',', move.For)));
        Section(writer, "WAIT", view.Waiting, new TextTable("JOB", "USER", "LEVEL", "QUEUE", "REASON", "NEEDED", "FREE", "LARGEST", "AHEAD", "BEHIND", "EARLIEST").AlignRight(5, 6, 7, 8), (table, wait) => table.Add(
            wait.Job, wait.User, wait.Level, wait.Queue, wait.Reason, Amounts.Of(wait.Needed, wait.Unit)?.Said(), Amounts.Of(wait.Free, wait.Unit)?.Said(), Amounts.Of(wait.LargestFreeBlock, wait.Unit)?.Said(), $"{wait.JobsAhead}",
            wait.BlockedBy, (wait.Until ?? wait.EarliestStart) is { } from ? Spans.Time(from) : null));
    }

    private static void Section<T>(TextWriter writer, Text name, IReadOnlyList<T> items, TextTable table, Action<TextTable, T> add)
    {
        if (items.Count == 0) return;
        foreach (var item in items) add(table, item);
        writer.Write($"\n{name.Said()}\n");
        table.Write(writer);
    }
}
