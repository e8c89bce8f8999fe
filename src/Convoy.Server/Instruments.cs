using Convoy.Core.Jobs;
using Convoy.Server.Datasets;
using Prometheus;

namespace Convoy.Server;

/// <summary>What <c>/metrics</c> tells besides the web server's own numbers. No user's or job's name is a label.</summary>
internal static class Instruments
{
    public static Counter PlanViolations { get; } = Metrics.CreateCounter("convoy_plan_violations_total", "Gangs dropped because their plan violated a guarantee.", "guarantee");

    public static Counter PlannerFailures { get; } = Metrics.CreateCounter("convoy_planner_failures_total", "Plans given up because the planner or its check failed.");

    public static Counter Evictions { get; } = Metrics.CreateCounter("convoy_evictions_total", "Jobs told to make way for another.");

    public static Counter SchedulingCycles { get; } = Metrics.CreateCounter("convoy_scheduling_cycles_total", "Scheduling cycles run.");

    public static Gauge WaitingJobs { get; } = Metrics.CreateGauge("convoy_waiting_jobs", "Jobs left waiting by the last cycle.");

    public static Counter JobsFinished { get; } = Metrics.CreateCounter("convoy_jobs_finished_total", "Jobs finished.", "phase");

    public static Counter DatasetFilled { get; } = Metrics.CreateCounter("convoy_dataset_filled_bytes_total", "Bytes that came from the store to be kept on nodes, by the last attempts of finished jobs.");

    public static Counter DatasetMissed { get; } = Metrics.CreateCounter("convoy_dataset_missed_bytes_total", "Bytes that came from the store because they are not kept on nodes, by the last attempts of finished jobs.");

    public static Counter DatasetBytesCopied { get; } = Metrics.CreateCounter("convoy_dataset_copied_bytes_total", "Bytes of data sets copied from one object store to another.", "from", "to");

    public static Gauge DiskFree { get; } = Metrics.CreateGauge("convoy_disk_free_bytes", "Bytes free on the fullest file system of the state.");

    public static Gauge DiskReserved { get; } = Metrics.CreateGauge("convoy_disk_reserved_bytes", "Bytes of it below which nothing new is taken.");

    public static Gauge DatasetGarbageObjects { get; } = Metrics.CreateGauge("convoy_dataset_garbage_objects", "Objects of data sets that nothing needs and that wait to be removed.");

    public static Gauge DatasetGarbageBytes { get; } = Metrics.CreateGauge("convoy_dataset_garbage_bytes", "Bytes of those objects.");

    public static Counter DatasetObjectsRemoved { get; } = Metrics.CreateCounter("convoy_dataset_objects_removed_total", "Objects of data sets that were removed since nothing needed them.");

    public static Counter DatasetBytesFreed { get; } = Metrics.CreateCounter("convoy_dataset_bytes_freed_total", "Bytes of those objects.");

    public static Gauge UnfinishedJobs { get; } = Metrics.CreateGauge("convoy_unfinished_jobs", "Jobs not finished yet.");

    public static void Finished(Job job)
    {
        JobsFinished.WithLabels(job.Phase.ToString()).Inc();
        foreach (var use in job.Attempts is [.., var last] ? JobDatasetViews.AtEndOf(last) : [])
        {
            DatasetFilled.Inc(use.FilledBytes);
            DatasetMissed.Inc(use.MissedBytes);
        }
    }
}
