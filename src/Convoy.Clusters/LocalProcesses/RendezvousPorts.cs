using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// One port per live gang. Outside the range from which the kernel gives ports to anybody who connects, so that it stays free
/// until rank 0's supervisor holds it.
/// </summary>
internal sealed class RendezvousPorts(IReadOnlyList<int> candidates)
{
    private const int Lowest = 20_000;
    private const int Highest = 65_535;

    private readonly Lock gate = new();
    private readonly Dictionary<(JobId Job, int Attempt), int> taken = [];

    public static RendezvousPorts OfThisMachine()
    {
        var range = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (first, last) = (int.Parse(range[0], CultureInfo.InvariantCulture), int.Parse(range[1], CultureInfo.InvariantCulture));
        return new RendezvousPorts(Outside(first, last));
    }

    /// <summary>Where the kernel's range leaves nothing, as some servers are set up, any port, though a stranger may come first.</summary>
    internal static IReadOnlyList<int> Outside(int first, int last)
    {
        int[] all = [.. Enumerable.Range(Lowest, Highest - Lowest + 1)];
        int[] outside = [.. all.Where(port => port < first || port > last)];
        return outside.Length > 0 ? outside : all;
    }

    /// <summary>A gang of an earlier life keeps what it was given.</summary>
    public void Keep(JobId job, int attempt, int port)
    {
        lock (gate) taken[(job, attempt)] = port;
    }

    public int Take(JobId job, int attempt)
    {
        lock (gate)
        {
            if (taken.TryGetValue((job, attempt), out var had)) return had;
            // Another platform on this machine searches too; a start of our own keeps us apart.
            var start = Random.Shared.Next(Math.Max(1, candidates.Count));
            for (var i = 0; i < candidates.Count; i++)
            {
                var port = candidates[(start + i) % candidates.Count];
                if (taken.ContainsValue(port) || !Native.CanBind(port)) continue;
                taken[(job, attempt)] = port;
                return port;
            }
        }

        throw new IOException("no port is free for the gang's rendezvous");
    }

    public void Give(JobId job, int attempt)
    {
        lock (gate) taken.Remove((job, attempt));
    }
}
