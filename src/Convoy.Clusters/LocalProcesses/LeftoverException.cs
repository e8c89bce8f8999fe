using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>In a restored folder: a task of the job, started before the restore, still runs on this machine. The next attempt waits for its end.</summary>
internal sealed class LeftoverException(JobId job, int pid) : IOException($"process {pid} of job {job} was started before this platform was restored, and still runs");
