namespace Convoy.Client.Wire;

/// <summary>Body of <c>POST /api/v1/jobs/{id}/metrics</c>, sent by a task.</summary>
/// <param name="BatchId">Made by the task, at most 64 characters; a batch that comes twice is stored once.</param>
public sealed record MetricReport(int Attempt, int Rank, string BatchId, IReadOnlyList<MetricReportPoint> Points);

/// <param name="Name">At most 128 characters without control characters.</param>
/// <param name="Value">Not-a-number and infinities travel as the strings <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>.</param>
public sealed record MetricReportPoint(long Step, string Name, double Value, DateTimeOffset At);

/// <summary>Body of <c>POST /api/v1/jobs/{id}/progress</c>, sent by a task.</summary>
/// <param name="Fraction">0 to 1.</param>
public sealed record ProgressReport(int Attempt, double Fraction);

public sealed record MetricView(long Sequence, int Attempt, int Rank, long Step, string Name, double Value, DateTimeOffset At);

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record MetricListView(IReadOnlyList<MetricView> Items, string? Next, int SchemaVersion = 1) : IListView<MetricView>;
