using Convoy.Core.Languages;

namespace Convoy.Client.Wire;

/// <summary>A change with which a waiting job starts in the next plan, as a run without consequences has shown.</summary>
/// <param name="Kind">One stable word: Wait, Accelerator, AnyAccelerator, Cluster, PreferredTopology, Tasks, DevicesPerTask, CpuPerTask, MemoryPerTask, MaxDuration, Priority, Preemptible, Queue; for administrators LevelCap, QueueQuota, MoreNodes; Several.</param>
/// <param name="By">Who can do it: owner or administrator; null where there is nothing to do.</param>
/// <param name="Message">The change and what comes of it, as a sentence.</param>
/// <param name="Flags">The flags of <c>convoy submit</c> that say it; null where flags cannot say all of it.</param>
/// <param name="Changes">The same in files: of a job, or for an administrator of the organisation.</param>
/// <param name="Evicts">Running jobs that would be stopped for it first, as the job may.</param>
public sealed record RemedyView(string Kind, string? By, Text Message, string? Flags, IReadOnlyList<ChangeView> Changes, int Evicts);

/// <param name="Key">Where in the file, such as <c>roles.worker.resources.gpu</c> or <c>levels.intern.maxGpus</c>.</param>
/// <param name="Value">As it stands in a file.</param>
public sealed record ChangeView(string Key, string Value);
