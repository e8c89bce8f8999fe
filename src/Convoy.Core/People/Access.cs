namespace Convoy.Core.People;

/// <summary>What an endpoint asks for. Whether the object is one's own is asked besides.</summary>
public enum Permission
{
    /// <summary>Submit, see and steer one's own jobs, and what belongs to them.</summary>
    UseJobs,

    /// <summary>See nodes, clusters, queues and levels.</summary>
    SeePlatform,

    /// <summary>See and steer everybody's jobs.</summary>
    AdministerJobs,

    /// <summary>Say which nodes take no more jobs, and empty them.</summary>
    AdministerNodes,

    /// <summary>Join clusters, renew their agents' tokens, and remove them.</summary>
    AdministerClusters,

    /// <summary>Pause what the scheduler does, and let it go on.</summary>
    AdministerScheduling,

    /// <summary>Users, levels, queues and everybody's tokens.</summary>
    AdministerPeople,

    /// <summary>Make, list and revoke one's own tokens.</summary>
    UseTokens,

    /// <summary>Report metrics and progress of one job, as its task.</summary>
    ReportForJob,

    /// <summary>Publish and read data sets, one's own and those that were opened to one.</summary>
    UseDatasets,

    /// <summary>Read data sets: as a person those that one may use, as a task those that its job names.</summary>
    ReadDatasets,

    /// <summary>Say what happens on one cluster, and take what is wished of it, as its agent.</summary>
    KeepCluster,
}

/// <summary>Who calls: a person, a task that may report for its own job only, or an agent that keeps its own cluster only.</summary>
/// <param name="User">The person, or the owner of the reporting job; empty for an agent.</param>
/// <param name="ReportsFor">The job id of a task's token; null for people.</param>
public sealed record Caller(string User, bool IsAdministrator, string? ReportsFor = null)
{
    /// <summary>The cluster of an agent's token; null for all others.</summary>
    public string? KeepsCluster { get; init; }

    /// <summary>Default deny: what is not listed is not allowed.</summary>
    public bool May(Permission permission) => permission switch
    {
        Permission.ReportForJob => ReportsFor is not null,
        Permission.KeepCluster => KeepsCluster is not null,
        Permission.ReadDatasets when ReportsFor is not null => true,
        _ when !IsPerson => false,
        Permission.UseJobs or Permission.SeePlatform or Permission.UseTokens or Permission.UseDatasets or Permission.ReadDatasets => true,
        Permission.AdministerJobs or Permission.AdministerNodes or Permission.AdministerClusters or Permission.AdministerScheduling or Permission.AdministerPeople => IsAdministrator,
        _ => false,
    };

    public bool MaySee(string owner) => IsPerson && (IsAdministrator || owner == User);

    private bool IsPerson => ReportsFor is null && KeepsCluster is null;
}
