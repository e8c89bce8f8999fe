using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>The custom resource <c>trainingjobs.convoy.dev</c>: what is wished (a job file), what Convoy decided, and how it goes.</summary>
internal sealed record TrainingJobObject(ObjectMeta Metadata) : IApiObject
{
    public const string Group = "convoy.dev";
    public const string Version = "v1alpha1";
    public const string ApiVersion = $"{Group}/{Version}";
    public const string Kind = "TrainingJob";
    public const string Plural = "trainingjobs";

    /// <summary>The job file. Whoever made the object wrote it; what runs is the decision's.</summary>
    public JsonElement Spec { get; init; }

    /// <summary>Null until Convoy has given the job machines. Whoever may edit the object could have written it: see <see cref="DecisionSeal"/>.</summary>
    public JsonElement Assignment { get; init; }

    public TrainingJobStatus? Status { get; init; }

    public bool HasAssignment => Assignment.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public static string Collection => $"/apis/{ApiVersion}/{Plural}";

    public static string PathOf(string space, string name) => $"/apis/{ApiVersion}/namespaces/{space}/{Plural}/{name}";

    public string Path => PathOf(Metadata.Namespace, Metadata.Name);
}

/// <summary>The newest wish for the job that was taken.</summary>
/// <param name="OwnerNumber">See <see cref="ClusterAssignment"/>.</param>
internal sealed record AssignmentRecord(Assignment Decision, int OwnerNumber, string Seal);

/// <summary>What the cluster's own people see of the job; and, once all tasks of an attempt have ended, how: pods may go then.</summary>
internal sealed record TrainingJobStatus
{
    public string? Phase { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? JobId { get; init; }

    /// <summary>Of an object that a person made: the version of its wish that was answered last.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>What was last done about <c>spec.suspend</c>.</summary>
    public bool? Suspended { get; init; }

    public int? Attempt { get; init; }

    /// <summary>Tasks that run, of those that there are to be: <c>3/4</c>.</summary>
    public string? Gang { get; init; }

    public int? Gpus { get; init; }

    /// <summary>The newest attempt of which pods were bound, and how many tasks it had then: a pod of those that is not there any more was, and is not made again.</summary>
    public int? BoundAttempt { get; init; }

    public int? BoundTasks { get; init; }

    public AttemptOutcome? Outcome { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }
}

/// <param name="Tasks">All observations of all its tasks.</param>
internal sealed record AttemptOutcome(int Attempt, int TaskCount, IReadOnlyList<TaskObservation> Tasks);
