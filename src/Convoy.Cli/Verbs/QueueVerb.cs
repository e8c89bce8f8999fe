using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class QueueVerb
{
    public static Command Build()
    {
        var (limit, after) = Pages.Options();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("queue", "Waiting jobs in the order in which the scheduler will consider them")
        {
            Examples = ["convoy queue", "convoy queue -o json | jq '.items | length'"],
            Options = { limit, after, format },
            Body = async (call, cancellationToken) =>
            {
                var (items, next) = await Pages.ReadAsync(call.Get(limit), call.Get(after), async (size, from) =>
                {
                    var page = await call.Client.ListQueueAsync(from, size, cancellationToken);
                    return (page.Items, page.Next);
                });
                call.Write(call.Get(format), new QueueListView(items, next), Rendering.Indented.QueueListView, _ => Write(call, items));
                Pages.SayMore(call, next);
                return ExitCodes.Success;
            },
        };
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
