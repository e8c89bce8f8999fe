using Convoy.Core.Scheduling.Placement;

namespace Convoy.Bench.Openb;

/// <summary>Where an algorithm puts pods that never leave.</summary>
internal interface IPlacing
{
    /// <summary>Places the pod, or false where no node has room.</summary>
    bool Place(PodShape pod);
}

/// <summary>Share of the cluster's milli-GPU in use, in percent, when the pods that have arrived asked for 100 and for 130 % of it.</summary>
internal readonly record struct OpenbAllocation(double At100, double At130);

/// <summary>The experiment of the FGD paper: pods arrive in a shuffled order and never leave; what does not fit is dropped.</summary>
internal static class OpenbProtocol
{
    /// <summary>All pods shuffled, then random draws; cut where the milli-GPU asked for reaches 130 % of the cluster's.</summary>
    public static OpenbAllocation Run(OpenbTrace trace, IPlacing placing, int seed)
    {
        var random = new Random(seed);
        var pods = trace.Pods.ToArray();
        random.Shuffle(pods);
        long capacity = trace.Nodes.Sum(node => node.FreeMilli.Sum()), arrived = 0, used = 0;
        var at100 = double.NaN;
        for (var i = 0; arrived * 100 < capacity * 130; i++)
        {
            var pod = i < pods.Length ? pods[i] : pods[random.Next(pods.Length)];
            long gpu = pod.Devices * pod.Milli;
            arrived += gpu;
            if (placing.Place(pod)) used += gpu;
            if (double.IsNaN(at100) && arrived >= capacity) at100 = 100.0 * used / capacity;
        }

        return new OpenbAllocation(at100, 100.0 * used / capacity);
    }
}

/// <summary>Convoy's own placement of shared devices.</summary>
internal sealed class ConvoyPlacing(OpenbTrace trace) : IPlacing
{
    private readonly SharedPool pool = new(trace.Nodes, trace.Fragmentation);

    public bool Place(PodShape pod)
    {
        if (pool.Find(pod) is not { } place) return false;
        pool.Take(place, pod);
        return true;
    }
}
