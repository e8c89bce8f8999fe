namespace Convoy.Client.Wire;

/// <summary>A job that holds machines, and what its tasks use of them at the moment.</summary>
public sealed record RunningJobView(JobView Job, IReadOnlyList<TaskUseView> Tasks);

/// <summary>Null is what is not known: of a task that has only just started, or of devices that tell nothing.</summary>
/// <param name="CpuMillicores">Over the last moments.</param>
/// <param name="MemoryBytes">Resident.</param>
/// <param name="GpuPercent">How busy its devices are, on average.</param>
public sealed record TaskUseView(string Role, int Rank, string Node, int? Processes, long? CpuMillicores, long? MemoryBytes, double? GpuPercent, long? GpuMemoryBytes);

/// <summary>In the order of submission.</summary>
public sealed record RunningListView(IReadOnlyList<RunningJobView> Items, string? Next, int SchemaVersion = 1) : IListView<RunningJobView>;

/// <summary>The platform at one moment, as <c>convoy top</c> shows it.</summary>
/// <param name="Queue">Waiting jobs in their order.</param>
public sealed record TopView(IReadOnlyList<NodeView> Nodes, IReadOnlyList<RunningJobView> Jobs, IReadOnlyList<QueueEntryView> Queue, int SchemaVersion = 1);
