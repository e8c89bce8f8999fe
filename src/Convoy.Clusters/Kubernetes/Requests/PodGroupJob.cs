using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Kubernetes;

/// <summary>From pods of another operator to the job that the scheduler sees: pods of one shape are a role. Pure.</summary>
internal static class PodGroupJob
{
    /// <summary>The order in which shapes get a role's name; workers are what most groups have.</summary>
    private static readonly string[] RoleNames = ["worker", "master", "ps", "evaluator", "launcher", "command"];

    public static int MostShapes => RoleNames.Length;

    /// <summary>Null where the group has more shapes than there are roles.</summary>
    public static JobSpec? Of(ObjectKey group, IReadOnlyList<PodObject> pods, string? queue, string cluster, Func<string, IReadOnlyList<string>> typesOf, Func<PodRequest, int> rdmaOf)
    {
        var shapes = pods.Select(pod => (Pod: pod, Request: PodRequest.Of(pod), Requirement: RequirementOf(pod.Spec)))
            .GroupBy(each => (each.Request.CpuMillicores, each.Request.MemoryBytes, string.Join(',', each.Request.Extended.OrderBy(pair => pair.Key, StringComparer.Ordinal)), each.Requirement))
            .OrderByDescending(shape => shape.Count()).ThenBy(shape => shape.Min(each => each.Pod.Metadata.Name), StringComparer.Ordinal).ToArray();
        if (shapes.Length > RoleNames.Length) return null;
        var roles = new Dictionary<string, RoleSpec>();
        var requirements = new Dictionary<string, NodeRequirement>();
        var uids = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (shape, name) in shapes.Zip(RoleNames))
        {
            var each = shape.OrderBy(one => one.Pod.Metadata.Name, StringComparer.Ordinal).ToArray();
            var request = each[0].Request;
            var kind = AcceleratorCatalogue.WellKnown.FirstOrDefault(kind => request.Amount(kind.Resource) > 0);
            roles[name] = new RoleSpec
            {
                Command = [$"pod of {group}"],
                Replicas = new Replicas(each.Length, each.Length),
                Resources = new ResourceSpec
                {
                    Cpu = new CpuQuantity(request.CpuMillicores),
                    Memory = new ByteSize(request.MemoryBytes),
                    Gpu = kind is null ? 0 : (int)Math.Min(request.Amount(kind.Resource), int.MaxValue),
                    Rdma = rdmaOf(request),
                    Accelerators = kind is null ? [] : typesOf(kind.Resource),
                },
            };
            requirements[name] = each[0].Requirement;
            uids[name] = [.. each.Select(one => one.Pod.Metadata.Uid)];
        }

        return new JobSpec
        {
            Name = NameOf(group.Name),
            Queue = queue,
            Roles = roles,
            Placement = new PlacementSpec { Clusters = [cluster] },
            Pods = new PodGroupSpec(group.Namespace, group.Name, requirements) { Uids = uids },
        };
    }

    /// <summary>Its node selector and what its affinity requires; taints that it tolerates at scheduling.</summary>
    public static NodeRequirement RequirementOf(PodObjectSpec pod)
    {
        var selected = (pod.NodeSelector ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new LabelExpression(pair.Key, LabelOperator.In, [pair.Value])).ToArray();
        var terms = pod.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms ?? [];
        IReadOnlyList<IReadOnlyList<LabelExpression>> anyOf = terms.Count > 0
            ? [.. terms.Select(term => (IReadOnlyList<LabelExpression>)[.. Expressions(term.MatchExpressions, null), .. Expressions(term.MatchFields, LabelExpression.NodeName), .. selected]).Where((_, i) => terms[i].MatchExpressions?.Count + terms[i].MatchFields?.Count != 0)]
            : selected.Length > 0 ? [selected] : [];
        return new NodeRequirement(anyOf, [.. pod.Tolerations.Where(toleration => toleration.Effect is null or "" or "NoSchedule").Select(toleration =>
            new Toleration(string.IsNullOrEmpty(toleration.Key) ? null : toleration.Key, toleration.Value, toleration.Operator == "Exists" ? TolerationOperator.Exists : TolerationOperator.Equal))]);
    }

    private static IEnumerable<LabelExpression> Expressions(IReadOnlyList<NodeExpression>? expressions, string? field) => (expressions ?? []).Select(each =>
        new LabelExpression(field is not null && each.Key == "metadata.name" ? field : each.Key, Enum.TryParse<LabelOperator>(each.Operator, out var known) ? known : LabelOperator.In, each.Values ?? []));

    /// <summary>A DNS label; pods' names may be longer, and hold dots.</summary>
    private static string NameOf(string name)
    {
        var plain = name.Replace('.', '-');
        return (plain.Length <= 63 ? plain : plain[..63]).Trim('-');
    }
}
