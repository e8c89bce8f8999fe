using Convoy.Bench.Everyday;
using Convoy.Bench.Kubernetes;
using Convoy.Bench.Openb;
using Convoy.Bench.Placement;
using Convoy.Bench.Scheduling;
using Convoy.Bench.Traces;

switch (args)
{
    case ["openb", var folder, .. var rest] when rest is [] or [_]:
        OpenbTable.Print(Console.Out, folder, rest is [var seeds] ? int.Parse(seeds) : 10);
        return 0;
    case ["traces", var folder]:
        TraceTable.Print(Console.Out, folder);
        return 0;
    case ["scheduling", .. var sizes]:
        SpeedTable.Print(Console.Out, sizes is [] ? [1_000, 10_000, 100_000] : [.. sizes.Select(int.Parse)]);
        return 0;
    case ["shapes"]:
        PublishedShapes.Print(Console.Out);
        return 0;
    case ["growth", var table]:
        GrowthPlot.Print(Console.Out, table);
        return 0;
    case ["everyday", var programs, .. var rest] when rest.Length <= 2:
        await EverydayTable.PrintAsync(Console.Out, Path.GetFullPath(programs), rest is [var jobs, ..] ? int.Parse(jobs) : 1_000_000, rest is [_, var kubectl] ? kubectl : null);
        return 0;
    case ["kubernetes", var programs, var assets, .. var parts] when parts.Length <= 1:
        await KubernetesTable.PrintAsync(Console.Out, Path.GetFullPath(programs), Path.GetFullPath(assets), parts is [var part] ? part : null);
        return 0;
    case ["placement", .. var sizes]:
        PlacementTable.Print(Console.Out, sizes is [] ? [1_000, 10_000, 100_000] : [.. sizes.Select(int.Parse)]);
        return 0;
    default:
        await Console.Error.WriteLineAsync("""
            usage: Convoy.Bench openb FOLDER [SEEDS]   the openb protocol on the traces in the folder; 10 seeds unless told
                   Convoy.Bench traces FOLDER          Convoy and textbook policies on the traces of training jobs in the folder
                   Convoy.Bench scheduling [NODES]...  how fast plans are made; 1000, 10000 and 100000 nodes unless told
                   Convoy.Bench shapes                 the shapes on which others have published how fast they are
                   Convoy.Bench growth TABLE           a picture (SVG) of a table that scheduling has printed
                   Convoy.Bench placement [NODES]...   placements per second; 1000, 10000 and 100000 nodes unless told
                   Convoy.Bench kubernetes PROGRAMS ASSETS [PART]   pods a second on one API server; ASSETS holds etcd, kube-apiserver and kube-scheduler; PART is scheduler, foreign, jobs, agent or stale
                   Convoy.Bench everyday PROGRAMS [JOBS] [KUBECTL]  what people wait for all day long; 1000000 finished jobs unless told
            """);
        return 2;
}
