using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class QueueVerb
{
    private static readonly Core.Languages.Text Shared = "shared";

    private static readonly Listing<QueueEntryView, QueueEntryView> Waiting = Listing.Of(
        Rendering.Indented.QueueEntryView,
        entry => entry.Id,
        new("POS", entry => $"{entry.Position}") { IsRight = true, CsvName = "position" },
        new("ID", entry => entry.Id),
        new("NAME", entry => entry.Name),
        new("USER", entry => entry.User) { Spare = 1 },
        new("QUEUE", entry => entry.Queue) { Spare = 3 },
        new("LEVEL", entry => entry.Level) { Spare = 2 },
        new("PRI", entry => entry.Priority is { } priority ? JobTable.Priority(priority) : null) { Spare = 4, CsvName = "priority" },
        new("TASKS", entry => $"{entry.Tasks}") { IsRight = true },
        new("GPUS", entry => $"{entry.Gpus}") { IsRight = true },
        new("REASON", entry => entry.Reason),
        new("AGE", (entry, now) => entry.SubmittedAt is { } submitted ? Spans.Since(submitted, now) : null) { IsRight = true, In = Forms.People },
        Column.DataTime<QueueEntryView>("submittedAt", entry => entry.SubmittedAt));

    /// <summary>A line for each queue and type; a queue of which no type is known has one without.</summary>
    private static readonly Listing<QueueView, (QueueView Queue, QueueUseView? Use)> Tree = new(
        Rendering.Indented.QueueView,
        queue => queue.Name,
        queue => queue.Accelerators.DefaultIfEmpty().Select(use => (queue, use)),
        new("QUEUE", row => new string(' ', row.Queue.Depth * 2) + row.Queue.Name) { CsvCell = row => row.Queue.Name },
        new("PARENT", row => row.Queue.Parent) { In = Forms.Wide | Forms.Csv },
        new("ORDERING", row => row.Queue.Ordering.ToString().ToLowerInvariant()) { Spare = 1 },
        new("WEIGHT", row => $"{row.Queue.Weight}") { IsRight = true, Spare = 2 },
        new("MAY-USE", row => Column.YesNo(row.Queue.MayUse)) { IsSaid = true },
        new("ACCELERATOR", row => row.Use?.Accelerator),
        new("NOMINAL", row => row.Use is null ? null : Text(row.Use.Nominal) ?? Shared.ToString()) { IsSaid = true, IsRight = true, CsvCell = row => Text(row.Use?.Nominal) },
        new("USED", row => Text(row.Use?.Used)) { IsRight = true },
        new("BORROWED", row => Text(row.Use?.Borrowed)) { IsRight = true },
        new("BORROW-LIMIT", row => Text(row.Use?.BorrowLimit)) { IsRight = true, In = Forms.Wide | Forms.Csv },
        new("LEND-LIMIT", row => Text(row.Use?.LendLimit)) { IsRight = true, In = Forms.Wide | Forms.Csv });

    public static Command Build()
    {
        var options = new ListOptions();
        var verb = new Verb("queue", "Waiting jobs in the order in which the scheduler will consider them")
        {
            Examples = ["convoy queue", "convoy queue -o json | jq '.items | length'"],
            Options = { options.Limit, options.After, options.Format },
            Body = async (call, cancellationToken) =>
            {
                IReadOnlyList<NoticeView> notices = [];
                var exit = await Waiting.WriteAsync(call, options, async (size, from) =>
                {
                    var page = await call.Client.ListQueueAsync(from, size, cancellationToken);
                    notices = page.Notices;
                    return page;
                });
                NoticeText.Say(call, notices);
                return exit;
            },
        };
        verb.Subcommands.Add(List());
        return verb;
    }

    private static Verb List()
    {
        var format = new ListOptions().Format;
        return new Verb("list", "The tree of queues, with what each has a right to and uses")
        {
            Examples = ["convoy queue list", "convoy queue list -o name"],
            Options = { format },
            Body = async (call, cancellationToken) => await Tree.WriteAsync(call, format, await call.Client.ListQueuesAsync(cancellationToken)),
        };
    }

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
