using System.CommandLine;
using Convoy.Cli.Output;

namespace Convoy.Cli.Verbs;

internal static class ClusterVerbs
{
    public static Command Build()
    {
        var format = Options.Format("table", "json", "yaml", "name");
        var list = new Verb("list", "List clusters and when each was last seen")
        {
            Examples = ["convoy cluster list"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var clusters = await call.Client.ListClustersAsync(cancellationToken);
                NoticeText.Say(call, clusters.Notices);
                return call.Write(call.Get(format), clusters, Rendering.Indented.ClusterListView, other =>
                {
                    var table = new TextTable("NAME", "KIND", "STATE", "NODES", "GPUS-FREE", "LAST-SEEN").AlignRight(3, 4);
                    foreach (var cluster in clusters.Items)
                    {
                        if (other == "name") call.Output.Write(cluster.Name + "\n");
                        table.Add(
                            cluster.Name, cluster.Kind, cluster.State, $"{cluster.Nodes}", $"{cluster.GpusFree}/{cluster.Gpus}",
                            cluster.LastSeenAt is { } seen ? Spans.Since(seen, call.Now) + " ago" : null);
                    }

                    if (other == "table") table.Write(call.Output);
                });
            },
        };
        return new Command("cluster", "Clusters that jobs may run on") { list };
    }
}
