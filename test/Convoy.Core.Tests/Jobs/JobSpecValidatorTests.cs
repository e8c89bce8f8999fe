using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Jobs.Lifecycle;

namespace Convoy.Core.Tests.Jobs;

public sealed class JobSpecValidatorTests
{
    private static readonly JobSpec Sound = LifecycleWalk.Spec(1);

    /// <summary>By the path that a problem names: specs at the edge of what is allowed, and those just beyond it.</summary>
    private static readonly Dictionary<string, (JobSpec[] Allowed, JobSpec[] Refused)> Rules = new()
    {
        ["name"] = (Each(["a", new('a', 63), "a-1"], text => Sound with { Name = text }), Each(["", new('a', 64), "-a", "a-", "A", "a_b"], text => Sound with { Name = text })),
        ["queue"] = (Each([null, "vision"], text => Sound with { Queue = text }), Each(["", "Vision"], text => Sound with { Queue = text })),
        ["displayName"] = (Each([null, "线", new('x', 128)], text => Sound with { DisplayName = text }), Each(["", new('x', 129), "two\nlines"], text => Sound with { DisplayName = text })),
        ["priority"] = ([], [Sound with { Priority = (JobPriority)9 }]),
        ["framework"] = ([], [Sound with { Framework = (Framework)9 }]),
        ["roles"] = ([], [Sound with { Roles = new Dictionary<string, RoleSpec>() }]),
        ["roles.leader"] = ([], [Sound with { Roles = new Dictionary<string, RoleSpec> { ["leader"] = Sound.Roles["worker"] } }]),
        ["roles.worker.replicas"] = (
            [Replicated(1, 1), Replicated(10_000, 10_000), Replicated(1, 10_000) with { Framework = Framework.Pytorch }],
            [Replicated(0, 0), Replicated(3, 2), Replicated(1, 2), .. Each([Replicated(0, 2), Replicated(1, 10_001), WithMaster(Replicated(1, 2))], spec => spec with { Framework = Framework.Pytorch })]),
        ["roles.worker.command"] = (
            [Commanded(new string('x', (128 << 10) - 1)), Commanded("x", "")],
            [Commanded(), Commanded(""), Commanded("x", "\0"), Commanded(new string('x', 128 << 10)), Commanded("x", new('é', 64 << 10))]),
        ["roles.worker.resources.gpu"] = (Each([0, 1024], gpu => Needing(new() { Gpu = gpu })), Each([-1, 1025], gpu => Needing(new() { Gpu = gpu }))),
        ["roles.worker.resources.rdma"] = (Each([0, 1024], rdma => Needing(new() { Rdma = rdma })), Each([-1, 1025], rdma => Needing(new() { Rdma = rdma }))),
        ["roles.worker.resources.accelerators[1]"] = ([Needing(new() { Accelerators = ["A100-80G", "a.b_c"] })], Each(["A100-80G", "", "a b", new('x', 64)], type => Needing(new() { Accelerators = ["A100-80G", type] }))),
        ["code"] = ([], [Sound with { Code = new() }, Sound with { Code = new() { Workdir = ".", Archive = new('0', 64) } }]),
        ["code.workdir"] = ([Sound with { Code = new() { Workdir = "." } }], Each(["", "a\0b"], folder => Sound with { Code = new() { Workdir = folder } })),
        ["code.archive"] = (
            Each([string.Concat(Enumerable.Repeat("09af", 16))], hash => Sound with { Code = new() { Archive = hash } }),
            Each(["", new('a', 63), new('a', 65), new string('a', 63) + 'g', new('A', 64), new('g', 64), new('/', 64), new(':', 64), new('`', 64)], hash => Sound with { Code = new() { Archive = hash } })),
        ["datasets"] = ([Reading([.. Numbered(32)])], [Reading([.. Numbered(33)])]),
        ["datasets[1].name"] = ([Reading("kitti", "k-2")], [Reading("kitti", "kitti"), Reading("kitti", ""), Reading("kitti", "Kitti")]),
        ["datasets[0].version"] = (
            Each(["latest", "v3", "stable_2.1"], version => Reading(new DatasetSpec { Name = "kitti", Version = version })),
            Each(["", "V3", "a b", "-x"], version => Reading(new DatasetSpec { Name = "kitti", Version = version }))),
        ["datasets[0].mount"] = (
            Each(["/a", "/data/kitti", "/etcetera", "/tmp/kitti", "/var/data", "/mnt/kitti", "/home/ann/kitti", "/" + new string('x', 4095)], mount => Reading(Mounted("kitti", mount))),
            Each(["", "/", "a", "/a/", "/a//b", "/a/./b", "/a/../b", "/a\n", "/etc", "/etc/kitti", "/usr/share/kitti", "/proc/1", "/dev/shm/kitti", "/root/.ssh", "/var/lib/kitti", "/var", "/tmp", "/home", "/" + new string('x', 4096)], mount => Reading(Mounted("kitti", mount)))),
        ["datasets[0].share"] = (Each([0, 50, 100], share => Reading(new DatasetSpec { Name = "kitti", Share = share })), Each([-1, 101], share => Reading(new DatasetSpec { Name = "kitti", Share = share }))),
        ["datasets[0].startAt"] = (Each([0, 80, 100], percent => Reading(new DatasetSpec { Name = "kitti", StartAt = percent })), Each([-1, 101], percent => Reading(new DatasetSpec { Name = "kitti", StartAt = percent }))),
        ["datasets[1].mount"] = (
            Each(["/data/lanes", "/data/kitti2"], mount => Reading(Mounted("kitti", "/data/kitti"), Mounted("lanes", mount))),
            Each(["/data/kitti", "/data/kitti/lanes", "/data"], mount => Reading(Mounted("kitti", "/data/kitti"), Mounted("lanes", mount)))),
        ["env"] = ([With("X", new('x', (256 << 10) - 3))], [With("X", new('x', (256 << 10) - 2)), With("X", new('é', 128 << 10))]),
        ["env."] = ([], [With("", "1")]),
        ["env.1X"] = ([With("_X1", "1")], [With("1X", "1")]),
        ["env.X-Y"] = ([], [With("X-Y", "1")]),
        ["env.CONVOY_RANK"] = ([With("XCONVOY_RANK", "1")], [With("CONVOY_RANK", "1")]),
        ["env.X"] = ([With("X", "")], [With("X", "a\0b")]),
        ["checkpoint.path"] = (
            Each([null, "/", "/a/..b", "/" + new string('x', 4095)], path => Sound with { Checkpoint = new() { Path = path } }),
            Each(["", "a", "/a/../b", "/a\n", "/" + new string('x', 4096)], path => Sound with { Checkpoint = new() { Path = path } })),
        ["checkpoint.signal"] = (
            Each(["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"], signal => Sound with { Checkpoint = new() { Signal = signal } }),
            Each(["", "SIGKILL", "sigterm"], signal => Sound with { Checkpoint = new() { Signal = signal } })),
        ["checkpoint.grace"] = (
            Each([0, 3600], seconds => Sound with { Checkpoint = new() { Grace = TimeSpan.FromSeconds(seconds) } }),
            Each([-1, 3601], seconds => Sound with { Checkpoint = new() { Grace = TimeSpan.FromSeconds(seconds) } })),
        ["recovery.maxRestarts"] = (Each([0, 1000], most => Sound with { Recovery = new() { MaxRestarts = most } }), Each([-1, 1001], most => Sound with { Recovery = new() { MaxRestarts = most } })),
        ["recovery.retryExitCodes[1]"] = (
            Each([1, 255], code => Sound with { Recovery = new() { RetryExitCodes = [33, code] } }),
            Each([0, 256, 33], code => Sound with { Recovery = new() { RetryExitCodes = [33, code] } })),
        ["placement.clusters"] = ([], [Sound with { Placement = new() { Clusters = [] } }]),
        ["placement.clusters[0]"] = ([Sound with { Placement = new() { Clusters = ["east"] } }], [Sound with { Placement = new() { Clusters = ["East"] } }]),
        ["placement.topology.required"] = ([], [Sound with { Placement = new() { Topology = new() { Required = (TopologyLevel)99 } } }]),
        ["placement.topology.preferred"] = ([], [Sound with { Placement = new() { Topology = new() { Preferred = (TopologyLevel)99 } } }]),
        ["limits.maxDuration"] = (Each([1], seconds => Limited(seconds)), Each([0, -1], seconds => Limited(seconds))),
        ["interactive"] = (
            [Interactive(Sound)],
            [Interactive(Replicated(2, 2)), Interactive(WithMaster(Sound)), Interactive(Sound) with { Framework = Framework.Pytorch }, Interactive(Sound) with { Recovery = new() { MaxRestarts = 1 } }]),
        ["interactive.idleTimeout"] = (
            Each([1, 7 * 86_400], seconds => Interactive(Sound, seconds)),
            Each([0, (7 * 86_400) + 1], seconds => Interactive(Sound, seconds))),
        ["labels"] = ([Labelled(64)], [Labelled(65)]),
        ["labels.k"] = (Each(["", "a", "A.b_c-1", new('x', 63)], text => With(text)), Each(["-a", "a.", "a b", new('x', 64)], text => With(text))),
        ["labels.a.io/"] = ([Keyed("a.io/k"), Keyed(new('k', 63))], [Keyed("a.io/")]),
        ["labels.A.io/k"] = ([], [Keyed("A.io/k")]),
        ["labels./k"] = ([], [Keyed("/k")]),
        ["labels.k_"] = ([], [Keyed("k_")]),
    };

    public static TheoryData<string> Paths => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_value_is_allowed_up_to_its_edge_and_refused_beyond_it_by_its_path_and_with_a_reason(string path)
    {
        var (allowed, refused) = Rules[path];
        foreach (var spec in allowed) JobSpecValidator.Problems(spec).ShouldBeEmpty();
        foreach (var spec in refused)
        {
            var problem = JobSpecValidator.Problems(spec).ShouldHaveSingleItem();
            (problem.Path, problem.Code).ShouldBe((path, "BadValue"));
            problem.Message.ToString().ShouldNotBeEmpty();
        }
    }

    private static JobSpec[] Each<T>(T[] values, Func<T, JobSpec> spec) => [.. values.Select(spec)];

    private static JobSpec Worker(Func<RoleSpec, RoleSpec> change) => Sound with { Roles = new Dictionary<string, RoleSpec> { ["worker"] = change(Sound.Roles["worker"]) } };

    private static JobSpec Replicated(int min, int max) => Worker(role => role with { Replicas = new(min, max) });

    private static JobSpec WithMaster(JobSpec spec) => spec with { Roles = new Dictionary<string, RoleSpec>(spec.Roles) { ["master"] = Sound.Roles["worker"] } };

    private static JobSpec Commanded(params string[] words) => Worker(role => role with { Command = words });

    private static JobSpec Needing(ResourceSpec resources) => Worker(role => role with { Resources = resources });

    private static JobSpec Reading(params DatasetSpec[] datasets) => Sound with { Datasets = datasets };

    private static JobSpec Reading(params string[] names) => Reading([.. names.Select(name => new DatasetSpec { Name = name })]);

    private static IEnumerable<string> Numbered(int count) => Enumerable.Range(0, count).Select(i => $"d{i}");

    private static DatasetSpec Mounted(string name, string mount) => new() { Name = name, Mount = mount };

    private static JobSpec With(string variable, string value) => Sound with { Env = new Dictionary<string, string> { [variable] = value } };

    private static JobSpec With(string label) => Sound with { Labels = new Dictionary<string, string> { ["k"] = label } };

    private static JobSpec Keyed(string key) => Sound with { Labels = new Dictionary<string, string> { [key] = "" } };

    private static JobSpec Labelled(int count) => Sound with { Labels = Enumerable.Range(0, count).ToDictionary(i => $"k{i}", _ => "") };

    private static JobSpec Interactive(JobSpec spec, int idleSeconds = 60) => spec with { Framework = Framework.Command, Interactive = new() { IdleTimeout = TimeSpan.FromSeconds(idleSeconds) } };

    private static JobSpec Limited(int seconds) => Sound with { Limits = new() { MaxDuration = TimeSpan.FromSeconds(seconds) } };
}
