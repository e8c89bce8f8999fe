namespace Convoy.Core.Jobs;

/// <summary>What may still be changed of a job that has been submitted. It decides where and how long the job runs, never what it computes.</summary>
public sealed record JobTerms(string Queue, JobPriority Priority, TimeSpan? MaxDuration)
{
    public static JobTerms Of(Job job) => new(job.Queue, job.Spec.Priority, job.Spec.Limits.MaxDuration);
}

/// <summary>Other terms; what is null stays as it is.</summary>
public sealed record TermsChange(string? Queue = null, JobPriority? Priority = null, TimeSpan? MaxDuration = null)
{
    /// <summary>It may run as long as it likes.</summary>
    public bool ClearsMaxDuration { get; init; }

    public JobTerms Of(JobTerms terms) => new(Queue ?? terms.Queue, Priority ?? terms.Priority, ClearsMaxDuration ? null : MaxDuration ?? terms.MaxDuration);
}
