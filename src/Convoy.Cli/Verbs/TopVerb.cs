using System.CommandLine;
using Convoy.Cli.Live;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class TopVerb
{
    /// <summary>What one page of the API brings; a screen shows less.</summary>
    private const int MostOfEach = 1000;
    private const int UsualHeight = 40;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    public static Command Build()
    {
        var all = Options.Switch("--all", "Everybody's jobs, as far as you may see them", "-A");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("top", "Nodes and who holds them, what running jobs really use, and how long the queues are")
        {
            Examples = ["convoy top", "convoy top -A", "convoy top -o json | jq '.jobs[] | [.job.name, .tasks[].cpuMillicores]'"],
            About = "On a terminal the picture is drawn anew every two seconds until q or Ctrl-C; elsewhere, and with -o json or yaml, it is printed once. CPU is in cores and memory is resident, both of all processes of a job; GPU% is the mean of its devices, where their driver tells it.",
            SeeAlso = ["list", "node list", "queue"],
            Options = { all, format },
            Body = async (call, cancellationToken) =>
            {
                if (call.Get(format) is "json" or "yaml" || !Terminal.TakesDrawings)
                {
                    var now = await ReadAsync(call, call.Get(all), cancellationToken);
                    return call.Write(call.Get(format), now, Rendering.Indented.TopView, _ => Print(call, now));
                }

                TopView? latest = null;
                return await LiveScreen.ShowAsync(
                    call,
                    (width, height) => TopPicture.Lines(Volatile.Read(ref latest)!, Connection.Shown(call.Client.Server), call.Now, width, height, isLive: true),
                    async (wake, ending) =>
                    {
                        while (true)
                        {
                            Volatile.Write(ref latest, await ReadAsync(call, call.Get(all), ending));
                            wake();
                            await Task.Delay(Period, call.Time, ending);
                        }
                    },
                    cancellationToken);
            },
        };
    }

    private static void Print(Call call, TopView view)
    {
        foreach (var line in TopPicture.Lines(view, Connection.Shown(call.Client.Server), call.Now, Terminal.Width ?? int.MaxValue, Math.Max(UsualHeight, view.Nodes.Count + view.Jobs.Count), isLive: false)) call.Output.Write(line + "\n");
    }

    private static async Task<TopView> ReadAsync(Call call, bool all, CancellationToken cancellationToken)
    {
        var nodes = call.Client.ListNodesAsync(null, MostOfEach, cancellationToken);
        var jobs = call.Client.ListRunningAsync(all, null, MostOfEach, cancellationToken);
        var queue = call.Client.ListQueueAsync(null, MostOfEach, cancellationToken);
        return new TopView((await nodes).Items, (await jobs).Items, (await queue).Items);
    }
}
