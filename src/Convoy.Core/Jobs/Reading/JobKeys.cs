using Convoy.Core.Languages;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs.Reading;

/// <summary>Every key of the job file, in the order of <see cref="JobSpec"/>: what the reference in docs/job-file.md and `convoy explain` are made of.</summary>
public static class JobKeys
{
    private static readonly Text Words = "text";
    private static readonly Text Number = "whole number";
    private static readonly Text Duration = "duration";
    private static readonly Text Texts = "texts by name";

    public static IReadOnlyList<JobKey> All { get; } =
    [
        new("name", Words, "what the job is called; several may bear one name") { Refused = "\"A\"" },
        new("queue", Words, "where it waits; left out: your own queue") { Refused = "\"A\"" },
        new("priority", OneOf<JobPriority>(), "which goes first of those whose owners have the same level"),
        new("framework", OneOf<Framework>(), "whose environment variables its tasks find"),
        new("roles", "roles by name", $"its kinds of tasks, at least one of {string.Join(", ", RoleOrder.Names)}; ranks are counted through them in this order") { Refused = "{}" },
        new("roles.ROLE.replicas", "number or range", "how many tasks of this role; a range such as \"2..8\" makes the job elastic") { Refused = "0" },
        new("roles.ROLE.command", "list of texts", "the program and its arguments; no shell is involved") { Refused = "[]" },
        new("roles.ROLE.image", Words, "the container image in which clusters of containers run it; left out: the cluster's own; for clusters of processes, such as the local one, it means nothing") { Refused = "\"\"" },
        new("roles.ROLE.resources.gpu", Number, "whole devices, for each task") { Refused = "-1" },
        new("roles.ROLE.resources.accelerators", "list of texts", "types of device that will do, the best first; left out: any") { Refused = "[\"\"]" },
        new("roles.ROLE.resources.cpu", "cores", "processors, for each task; one that asks for none, and for no device, counts as 1") { Refused = "1000001" },
        new("roles.ROLE.resources.memory", "size", "memory, for each task, such as 512Gi") { Refused = "\"129Ti\"" },
        new("roles.ROLE.resources.rdma", Number, "network devices for remote memory access, for each task") { Refused = "-1" },
        new("code.workdir", Words, "a folder to upload, relative to this file; what .gitignore and .convoyignore name stays") { Refused = "\"\"" },
        new("code.archive", Words, "instead of a folder, the SHA-256 of an archive that was uploaded before") { Refused = "\"\"" },
        new("datasets", "list of data sets", "what its tasks read, such as {name: kitti, version: v3, mount: /data/kitti}; version may be a tag (left out: latest), and is fixed when the job is submitted; mount left out: tasks find the path in CONVOY_DATASET_KITTI; share: 50 keeps half of it on each node (left out: 100), and startAt: 80 waits until 80 percent of that is there (left out: 0)") { Refused = "[{\"name\": \"A\"}]" },
        new("env", Texts, "environment variables of every task") { Refused = "{\"1\": \"\"}" },
        new("checkpoint.path", Words, "where tasks find their checkpoints; left out, the platform chooses and keeps them") { Refused = "\"\"" },
        new("checkpoint.signal", Words, "what tasks are sent first when the job is stopped") { Refused = "\"\"" },
        new("checkpoint.grace", Duration, "how long they have after it until SIGKILL") { Refused = "\"2h\"" },
        new("recovery.maxRestarts", Number, "how often it starts again after a failure of its own; the platform's are not counted") { Refused = "-1" },
        new("recovery.retryExitCodes", "list of whole numbers", "after which exit codes it does; left out: any but running out of memory") { Refused = "[0]" },
        new("recovery.hangTimeout", Duration, "stopped and started again when no task printed or reported anything for so long; left out: never") { Refused = "\"0s\"" },
        new("recovery.replaceFailedTasks", "true or false", "a task of an elastic job that failed starts anew alone while the others go on, but the first; each counts as a restart"),
        new("preemptible", "true or false", "whether other jobs may evict it; where not, it never borrows from other queues"),
        new("placement.clusters", "list of texts", "names of clusters that will do, or any") { Refused = "[]" },
        new("placement.topology.required", OneOf<TopologyLevel>(), "wider apart than this its tasks do not start"),
        new("placement.topology.preferred", OneOf<TopologyLevel>(), "wider apart than this they start as well; one of the two, or neither"),
        new("limits.maxDuration", Duration, "stopped, and failed, after running so long in one attempt; left out: no limit") { Refused = "\"0s\"" },
        new("interactive.terminal", "true or false", "somebody types into its one task: in a terminal of its own, or through a pipe"),
        new("interactive.idleTimeout", Duration, "ended when nothing was typed and nothing printed for so long") { Refused = "\"8d\"" },
        new("labels", Texts, "your own, for finding it again") { Refused = "{\"\": \"\"}" },
        new("displayName", Words, "a name for people, in any script") { Refused = "\"\"" },
    ];

    private static Text OneOf<T>()
        where T : struct, Enum => $"one of {string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}";
}
