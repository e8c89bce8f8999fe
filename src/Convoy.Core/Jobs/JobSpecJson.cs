using System.Text.Json;
using Convoy.Core.Json;

namespace Convoy.Core.Jobs;

/// <summary>A spec as bytes.</summary>
public static class JobSpecJson
{
    /// <summary>The same bytes for equal specs, whatever the order in which their maps were written.</summary>
    public static byte[] Canonical(JobSpec spec) => JsonSerializer.SerializeToUtf8Bytes(
        spec with { Roles = Sorted(spec.Roles), Env = Sorted(spec.Env), Labels = Sorted(spec.Labels), Pods = spec.Pods is { } pods ? pods with { Requirements = Sorted(pods.Requirements), Uids = Sorted(pods.Uids) } : null },
        CoreJson.Default.JobSpec);

    private static SortedDictionary<string, T> Sorted<T>(IReadOnlyDictionary<string, T> map) => new(map.ToDictionary(), StringComparer.Ordinal);
}
