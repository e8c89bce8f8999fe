using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

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
        new("GPUS", cluster => $"{cluster.Gpus}") { IsRight = true },
        new("FREE", cluster => $"{cluster.GpusFree}") { IsRight = true, CsvName = "gpusFree" },
        new("VERSION", cluster => cluster.Version),
        new("LAST-SEEN", (cluster, now) => cluster.LastSeenAt is { } seen ? Text.Of($"{Spans.Since(seen, now)} ago").Said() : null) { In = Forms.People },
        Column.DataTime<ClusterView>("lastSeenAt", cluster => cluster.LastSeenAt));

    public static Command Build() => new("cluster", "Clusters that jobs may run on") { List(), Get(), Join(), NewToken(), Remove() };

    private static Verb List()
    {
        var options = new ListOptions();
        return new Verb("list", "List clusters and when each was last seen")
        {
            Examples = ["convoy cluster list"],
            Options = { options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Clusters.WriteAsync(call, options, async (size, from) =>
            {
                var page = await call.Client.ListClustersAsync(from, size, cancellationToken);
                if (from is null) NoticeText.Say(call, page.Notices);
                return page;
            }),
        };
    }

    private static Verb Get()
    {
        var name = Named();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("get", "Show one cluster")
        {
            Examples = ["convoy cluster get east"],
            Arguments = { name },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var cluster = await call.Client.GetClusterAsync(call.Get(name), cancellationToken);
                return call.Write(call.Get(format), cluster, Rendering.Indented.ClusterView, _ => Describe(call.Output, cluster));
            },
        };
    }

    private static Verb Join()
    {
        // A name that is not there yet is nothing to complete.
        var name = Arguments.Named("NAME", "What the cluster is to be called: a-z, 0-9 and -");
        var kind = Options.Choice("--kind", "What it is made of", "KIND", "kubernetes");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("join", "Join a cluster (for administrators); its agent's token is shown this once")
        {
            Examples = ["convoy cluster join east > east.token", "convoy cluster join east -o json | jq -r .token"],
            Arguments = { name },
            Options = { kind, format },
            Body = async (call, cancellationToken) =>
            {
                var joined = await call.Client.JoinClusterAsync(call.Get(name), new ClusterJoinRequest(call.Get(kind) ?? "kubernetes"), cancellationToken);
                return Write(call, format, joined, $"cluster {joined.Cluster} has joined; this is its agent's token, and it is not shown again");
            },
        };
    }

    private static Verb NewToken()
    {
        var name = Named();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("token", "Make a new token for a cluster's agent (for administrators); the old one ends")
        {
            Examples = ["convoy cluster token east > east.token"],
            Arguments = { name },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var renewed = await call.Client.RenewClusterTokenAsync(call.Get(name), cancellationToken);
                return Write(call, format, renewed, $"this is the token of cluster {renewed.Cluster}'s agent from now on, and it is not shown again; write it where the agent reads it");
            },
        };
    }

    private static Verb Remove()
    {
        var name = Named();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("remove", "Remove a cluster on which no job holds machines (for administrators)")
        {
            Examples = ["convoy cluster remove east"],
            Arguments = { name },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                await call.Client.RemoveClusterAsync(call.Get(name), cancellationToken);
                return call.Write(call.Get(format), new RemovedCluster(call.Get(name), true), CliJson.Default.RemovedCluster, _ => call.Output.Tell($"cluster {call.Get(name)} is removed; its agent is no longer heard"));
            },
        };
    }

    private static Argument<string> Named() => Arguments.Named("CLUSTER", "The cluster's name");

    /// <summary>The token alone on standard output, so that it can be written to a file.</summary>
    private static int Write(Call call, Option<string> format, ClusterTokenView token, Text what) => call.Write(call.Get(format), token, Rendering.Indented.ClusterTokenView, _ =>
    {
        call.Print(token.Token);
        call.Say(what);
        call.Say($"next, in the cluster: convoy-agent --server {call.Client.Server.AbsoluteUri.TrimEnd('/')} --cluster {token.Cluster} --token-file FILE");
    });

    private static void Describe(TextWriter writer, ClusterView cluster)
    {
        var facts = new Facts();
        facts.Add("name", cluster.Name);
        facts.Add("kind", cluster.Kind);
        facts.Add("state", cluster.State);
        facts.Add("nodes", $"{cluster.Nodes}");
        facts.Add("GPUs free", $"{cluster.GpusFree}/{cluster.Gpus}");
        facts.Add("version", cluster.Version);
        facts.Add("last seen", cluster.LastSeenAt is { } seen ? Spans.Time(seen) : null);
        facts.Add("joined by", cluster.JoinedBy);
        facts.Add("joined at", cluster.JoinedAt is { } joined ? Spans.Time(joined) : null);
        facts.Write(writer);
    }
}
