using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class QueueVerb
{
    public static Command Build()
    {
        var (limit, after) = Pages.Options();
        var format = Options.Format("table", "json", "yaml");
        var verb = new Verb("queue", "Waiting jobs in the order in which the scheduler will consider them")
        {
            Examples = ["convoy queue", "convoy queue -o json | jq '.items | length'"],
            Options = { limit, after, format },
            Body = async (call, cancellationToken) =>
            {
                IReadOnlyList<NoticeView> notices = [];
                var (items, next) = await Pages.ReadAsync(call.Get(limit), call.Get(after), async (size, from) =>
                {
                    var page = await call.Client.ListQueueAsync(from, size, cancellationToken);
                    notices = page.Notices;
                    return (page.Items, page.Next);
                });
                call.Write(call.Get(format), new QueueListView(items, next) { Notices = notices }, Rendering.Indented.QueueListView, _ => Write(call, items));
                NoticeText.Say(call, notices);
                Pages.SayMore(call, next);
                return ExitCodes.Success;
            },
        };
        verb.Subcommands.Add(List());
        return verb;
    }

    private static Verb List()
    {
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("list", "The tree of queues, with what each has a right to and uses")
        {
            Examples = ["convoy queue list", "convoy queue list -o name"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var tree = await call.Client.ListQueuesAsync(cancellationToken);
                return call.Write(call.Get(format), tree, Rendering.Indented.QueueTreeView, other =>
                {
                    if (other == "name") foreach (var queue in tree.Items) call.Output.Write(queue.Name + "\n");
                    else WriteTree(call.Output, tree.Items);
                });
            },
        };
    }

    /// <summary>A line for each queue and type; a queue of which no type is known has one without.</summary>
    private static void WriteTree(TextWriter writer, IReadOnlyList<QueueView> queues)
    {
        var table = new TextTable("QUEUE", "ORDERING", "WEIGHT", "MAY-USE", "ACCELERATOR", "NOMINAL", "USED", "BORROWED").AlignRight(2, 5, 6, 7);
        foreach (var queue in queues)
        {
            var (name, ordering) = (new string(' ', queue.Depth * 2) + queue.Name, queue.Ordering.ToString().ToLowerInvariant());
            foreach (var use in queue.Accelerators.DefaultIfEmpty())
            {
                table.Add(
                    name, ordering, $"{queue.Weight}", queue.MayUse ? "yes" : "no", use?.Accelerator,
                    use is null ? null : use.Nominal?.ToString(CultureInfo.InvariantCulture) ?? "shared", use is null ? null : $"{use.Used}", use is null ? null : $"{use.Borrowed}");
            }
        }

        table.Write(writer);
    }

    private static void Write(Call call, IReadOnlyList<QueueEntryView> entries)
    {
        var table = new TextTable("POS", "ID", "NAME", "USER", "QUEUE", "LEVEL", "PRI", "TASKS", "GPUS", "REASON", "AGE").AlignRight(0, 7, 8, 10);
        foreach (var entry in entries)
        {
            table.Add(
                $"{entry.Position}", entry.Id, entry.Name, entry.User, entry.Queue, entry.Level, entry.Priority is { } priority ? JobTable.Priority(priority) : null,
                $"{entry.Tasks}", $"{entry.Gpus}", entry.Reason, entry.SubmittedAt is { } submitted ? Spans.Since(submitted, call.Now) : null);
        }

        table.Write(call.Output);
    }
}
