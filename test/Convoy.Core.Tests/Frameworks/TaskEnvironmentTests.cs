using Convoy.Core.Frameworks;
using Convoy.Core.Jobs;

namespace Convoy.Core.Tests.Frameworks;

public sealed class TaskEnvironmentTests
{
    private static readonly TaskSurroundings Surroundings = new(["10.0.0.1", "10.0.0.2"], 20001, "/ckpt", "/out", "http://127.0.0.1:7788", "cvr_secret", "/tmp/heartbeat");

    [Fact]
    public void Every_task_finds_who_it_is()
    {
        var environment = Build(Spec(Framework.Command, ["python", "train.py"], gpus: 2), 1);
        environment["CONVOY_JOB_NAME"].ShouldBe("digits");
        environment["CONVOY_ATTEMPT"].ShouldBe("3");
        environment["CONVOY_ROLE"].ShouldBe("worker");
        environment["CONVOY_RANK"].ShouldBe("1");
        environment["CONVOY_WORLD_SIZE"].ShouldBe("2");
        environment["CONVOY_NODE_HOSTS"].ShouldBe("10.0.0.1,10.0.0.2");
        environment["CONVOY_GPUS_PER_NODE"].ShouldBe("2");
        environment["CONVOY_CHECKPOINT_DIR"].ShouldBe("/ckpt");
        environment["CONVOY_OUTPUT_DIR"].ShouldBe("/out");
        environment["CONVOY_SERVER"].ShouldBe("http://127.0.0.1:7788");
        environment["CONVOY_TOKEN"].ShouldBe("cvr_secret");
        environment["CONVOY_HEARTBEAT"].ShouldBe("/tmp/heartbeat");
        environment["CUDA_VISIBLE_DEVICES"].ShouldBe("2,3");
        environment.ShouldNotContainKey("MASTER_ADDR");
    }

    [Fact]
    public void Torchrun_is_told_where_to_meet_and_not_which_rank_its_children_have()
    {
        var environment = Build(Spec(Framework.Pytorch, ["torchrun", "train.py"], gpus: 2), 1);
        environment["PET_NNODES"].ShouldBe("2");
        environment["PET_NPROC_PER_NODE"].ShouldBe("2");
        environment["PET_NODE_RANK"].ShouldBe("1");
        environment["PET_MASTER_ADDR"].ShouldBe("10.0.0.1");
        environment["PET_MASTER_PORT"].ShouldBe("20001");
        environment["MASTER_ADDR"].ShouldBe("10.0.0.1");
        environment["PYTHONUNBUFFERED"].ShouldBe("1");
        foreach (var name in (string[])["RANK", "WORLD_SIZE", "LOCAL_RANK"]) environment.ShouldNotContainKey(name);
    }

    [Fact]
    public void A_program_without_torchrun_is_one_process_per_task_and_finds_its_rank()
    {
        foreach (var gpus in (int[])[0, 1, 2])
        {
            var environment = Build(Spec(Framework.Pytorch, ["python", "train.py"], gpus), 1);
            (environment["RANK"], environment["WORLD_SIZE"], environment["LOCAL_RANK"]).ShouldBe(("1", "2", "0"));
        }
    }

    [Fact]
    public void What_any_task_prints_is_not_held_back() => Build(Spec(Framework.Command, ["python", "train.py"], gpus: 0), 0)["PYTHONUNBUFFERED"].ShouldBe("1");

    [Fact]
    public void An_elastic_job_meets_through_a_rendezvous_of_its_own_attempt()
    {
        var environment = Build(Spec(Framework.Pytorch, ["torchrun", "train.py"], gpus: 1, replicas: new(1, 4)), 0);
        environment["PET_NNODES"].ShouldBe("1:4");
        environment["PET_RDZV_BACKEND"].ShouldBe("c10d");
        environment["PET_RDZV_ENDPOINT"].ShouldBe("10.0.0.1:20001");
        environment["PET_RDZV_ID"].ShouldEndWith("-3");
        environment.ShouldContainKey("PET_MAX_RESTARTS");
        environment.ShouldNotContainKey("PET_NODE_RANK");
    }

    [Fact]
    public void A_users_variable_wins_over_the_frameworks_but_never_over_convoys_or_the_devices()
    {
        var spec = Spec(Framework.Pytorch, ["torchrun", "train.py"], gpus: 1) with
        {
            Env = new Dictionary<string, string> { ["PET_NPROC_PER_NODE"] = "4", ["CUDA_VISIBLE_DEVICES"] = "0,1,2,3", ["CONVOY_TOKEN"] = "mine" },
        };
        var environment = Build(spec, 0);
        environment["PET_NPROC_PER_NODE"].ShouldBe("4");
        environment["CUDA_VISIBLE_DEVICES"].ShouldBe("0");
        environment["CONVOY_TOKEN"].ShouldBe("cvr_secret");
    }

    [Fact]
    public void A_task_without_devices_sees_none() => Build(Spec(Framework.Command, ["true"], gpus: 0), 0)["CUDA_VISIBLE_DEVICES"].ShouldBe("");

    private static JobSpec Spec(Framework framework, string[] command, int gpus, Replicas? replicas = null) => new()
    {
        Name = "digits",
        Framework = framework,
        Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Replicas = replicas ?? new(2, 2), Command = command, Resources = new() { Gpu = gpus } } },
    };

    private static IReadOnlyDictionary<string, string> Build(JobSpec spec, int rank) => TaskEnvironment.Build(
        new Assignment
        {
            JobId = JobId.FromKey("ann", "x"),
            Generation = 5,
            Wanted = WantedState.Run,
            Attempt = 3,
            Cluster = "local",
            Owner = "ann",
            Spec = spec,
            Tasks = [.. Enumerable.Range(0, 2).Select(i => new TaskPlacement("worker", i, i, $"n{i}", [.. Enumerable.Range(i * spec.Roles["worker"].Resources.Gpu, spec.Roles["worker"].Resources.Gpu)]))],
        },
        rank,
        Surroundings);
}
