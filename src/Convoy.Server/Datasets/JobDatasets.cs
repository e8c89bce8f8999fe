using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>The data sets that a job names: its owner may read them, they have the versions asked for, and there is a cluster that has them on its machines.</summary>
public sealed class JobDatasets(IDatasetStore store, DatasetAccess access, DatasetLookup lookup, ServerOptions options, Fleet fleet)
{
    private const string Any = "any";

    /// <summary>The spec with the versions that its tags point to now, and clusters that can have them; or what is wrong with it.</summary>
    public async Task<(JobSpec Spec, IReadOnlyList<SpecProblem> Problems)> ResolveAsync(User owner, JobSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Datasets.Count == 0) return (spec, []);
        var problems = new List<SpecProblem>();
        var resolved = new List<DatasetSpec>(spec.Datasets.Count);
        foreach (var (i, asked) in spec.Datasets.Index())
        {
            if (await access.FindAsync(asked.Name, new Caller(owner.Name, owner.IsAdministrator), cancellationToken) is not { } dataset)
            {
                problems.Add(new SpecProblem($"datasets[{i}].name", "NoSuchDataset", $"there is no data set '{asked.Name}' that you may read; `convoy dataset list` shows those"));
            }
            else if (await lookup.FindAsync(dataset, asked.Version, cancellationToken) is not { } version)
            {
                problems.Add(new SpecProblem($"datasets[{i}].version", "NoSuchVersion", await store.ListVersionsAsync(dataset.Name, int.MaxValue, 1, cancellationToken) is []
                    ? (Text)$"nothing was published of data set '{asked.Name}' yet; `convoy dataset push {asked.Name} DIR` does that"
                    : $"data set '{asked.Name}' has no version or tag '{asked.Version}'; `convoy dataset get {asked.Name}` shows them"));
            }
            else
            {
                resolved.Add(asked with { Version = version.Version.ToString() });
            }
        }

        var wanted = spec.Placement.Clusters;
        var able = fleet.Clusters.Values.Where(cluster => HasDatasets(cluster) && (wanted.Contains(Any) || wanted.Contains(cluster.Name))).Select(cluster => cluster.Name).Order(StringComparer.Ordinal).ToArray();
        if (able.Length == 0) problems.Add(new SpecProblem("datasets", "NoDatasetsThere", $"no cluster that the job may use has data sets on its machines: clusters of Kubernetes have none yet, and the local one needs convoy-node beside the server"));
        return problems.Count > 0 ? (spec, problems) : (spec with { Datasets = resolved, Placement = spec.Placement with { Clusters = able } }, []);
    }

    /// <summary>What the platform filled in is not what was asked for: the same submission, later, finds the versions and clusters of the first.</summary>
    public static JobSpec AsFilledIn(JobSpec asked, JobSpec submitted)
    {
        if (asked.Datasets.Count == 0 || asked.Datasets.Count != submitted.Datasets.Count) return asked;
        return asked with
        {
            Datasets = [.. asked.Datasets.Zip(submitted.Datasets, (one, filled) => DatasetVersion.TryParse(one.Version, out _) ? one : one with { Version = filled.Version })],
            Placement = asked.Placement with { Clusters = submitted.Placement.Clusters },
        };
    }

    /// <summary>What these jobs read.</summary>
    public static IReadOnlySet<(string Dataset, string Version)> NamedBy(IEnumerable<Job> jobs) => jobs.SelectMany(job => job.Spec.Datasets).Select(named => (named.Name, named.Version)).ToHashSet();

    private bool HasDatasets(ClusterState cluster) => cluster.Kind == LocalClusterSetup.Kind && File.Exists(options.NodeProgram);
}
