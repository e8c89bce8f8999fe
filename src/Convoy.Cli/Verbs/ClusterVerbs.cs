using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class ClusterVerbs
{
    private static readonly Listing<ClusterView, ClusterView> Clusters = Listing.Of(
        Rendering.Indented.ClusterView,
        cluster => cluster.Name,
        new("NAME", cluster => cluster.Name),
        new("KIND", cluster => cluster.Kind),
        new("STATE", cluster => cluster.State),
        new("NODES", cluster => $"{cluster.Nodes}") { IsRight = true },
        new("GPUS-FREE", cluster => $"{cluster.GpusFree}/{cluster.Gpus}") { IsRight = true, CsvCell = cluster => $"{cluster.GpusFree}" },
        Column.Data<ClusterView>("gpus", cluster => $"{cluster.Gpus}"),
        new("LAST-SEEN", (cluster, now) => cluster.LastSeenAt is { } seen ? Text.Of($"{Spans.Since(seen, now)} ago").Said() : null) { In = Forms.People },
        Column.DataTime<ClusterView>("lastSeenAt", cluster => cluster.LastSeenAt));

    public static Command Build()
    {
        var format = new ListOptions().Format;
        var list = new Verb("list", "List clusters and when each was last seen")
        {
            Examples = ["convoy cluster list"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var list = await call.Client.ListClustersAsync(cancellationToken);
                NoticeText.Say(call, list.Notices);
                return await Clusters.WriteAsync(call, format, list);
            },
        };
        return new Command("cluster", "Clusters that jobs may run on") { list };
    }
}
