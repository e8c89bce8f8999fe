using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Resources;

namespace Convoy.Client.Tests.JobFiles;

public sealed class JobFileTests
{
    /// <summary>The sample of the interface document: it names what is planned, too.</summary>
    private const string Sample = """
        name: digits
        queue: perception               # left out: the user's own queue
        priority: normal
        framework: pytorch              # pytorch tensorflow mpi horovod deepspeed jax caffe2 command
        roles:
          worker:
            replicas: 4                 # or "2..8": elastic
            image: registry.local/train:1
            command: [torchrun, train.py, --epochs, "10"]
            resources: {gpu: 8, accelerators: [H100-80G, A100-80G], cpu: 64, memory: 512Gi, rdma: 1}
        code: {workdir: .}              # or git: {url, ref}
        env: {LR: "0.1"}
        secrets: [wandb]
        datasets: [{name: kitti, version: v3, mount: /data/kitti}]
        checkpoint: {path: /ckpt, signal: SIGTERM, grace: 2m}
        recovery: {maxRestarts: 3, retryExitCodes: [33], hangTimeout: 30m, onClusterLost: wait}
        preemptible: true
        placement: {clusters: [any], topology: {preferred: rack}}
        limits: {maxDuration: 48h, idleGpu: {belowPercent: 10, for: 1h}}
        volumes: [{name: home, mount: /home/me, readOnly: false}]   # what administrators have granted
        shm: 16Gi                       # default: half the memory
        labels: {project: lanes}
        displayName: 车道线检测
        """;

    private const string Available = """
        name: digits
        queue: perception
        priority: high
        framework: pytorch
        roles:
          worker:
            replicas: 4
            command: [torchrun, train.py, --epochs, "10"]
            image: registry.local/train:1
            resources: {gpu: 8, accelerators: [H100-80G, A100-80G], cpu: 64, memory: 512Gi, rdma: 1}
        code: {workdir: .}
        env: {LR: "0.1"}
        checkpoint: {path: /ckpt, signal: SIGUSR1, grace: 2m}
        recovery: {maxRestarts: 3, retryExitCodes: [33], hangTimeout: 30m}
        preemptible: false
        placement: {clusters: [any], topology: {preferred: rack}}
        limits: {maxDuration: 48h}
        labels: {project: lanes}
        displayName: 车道线检测
        """;

    [Fact]
    public void Every_planned_key_of_the_sample_is_named_at_its_place_at_once()
    {
        var problems = Read(Sample).Problems;
        string[] planned =
        [
            "secrets", "recovery.onClusterLost", "limits.idleGpu", "volumes", "shm",
        ];
        problems.Select(problem => (problem.Path, problem.Code, (problem.Line, problem.Column))).ShouldBe(
            planned.Select(path => (path, "NotAvailable", Place.Of(Sample, path.Split('.')[^1] + ":"))));
    }

    [Fact]
    public void A_job_file_says_what_the_job_is()
    {
        var spec = Valid(Available);
        spec.Name.ShouldBe("digits");
        spec.Queue.ShouldBe("perception");
        spec.Priority.ShouldBe(JobPriority.High);
        spec.Framework.ShouldBe(Framework.Pytorch);
        var worker = spec.Roles["worker"];
        worker.Replicas.ShouldBe(new Replicas(4, 4));
        worker.Command.ShouldBe(["torchrun", "train.py", "--epochs", "10"]);
        worker.Image.ShouldBe("registry.local/train:1");
        worker.Resources.Gpu.ShouldBe(8);
        worker.Resources.Accelerators.ShouldBe(["H100-80G", "A100-80G"]);
        worker.Resources.Cpu.ShouldBe(CpuQuantity.FromCores(64));
        worker.Resources.Memory.ShouldBe(ByteSize.FromMebibytes(512 << 10));
        spec.Code!.Workdir.ShouldBe(".");
        spec.Env["LR"].ShouldBe("0.1");
        (spec.Checkpoint.Path, spec.Checkpoint.Signal, spec.Checkpoint.Grace).ShouldBe(("/ckpt", "SIGUSR1", TimeSpan.FromMinutes(2)));
        spec.Recovery.MaxRestarts.ShouldBe(3);
        spec.Recovery.RetryExitCodes.ShouldBe([33]);
        spec.Preemptible.ShouldBeFalse();
        spec.Placement.Clusters.ShouldBe(["any"]);
        spec.Limits.MaxDuration.ShouldBe(TimeSpan.FromHours(48));
        spec.Labels["project"].ShouldBe("lanes");
        spec.DisplayName.ShouldBe("车道线检测");
    }

    [Fact]
    public void A_short_job_file_gets_the_documented_defaults()
    {
        var spec = Valid("name: a\nroles: {worker: {command: [x]}}\n");
        spec.Priority.ShouldBe(JobPriority.Normal);
        spec.Preemptible.ShouldBeTrue();
        spec.Checkpoint.Grace.ShouldBe(TimeSpan.FromSeconds(30));
        spec.Checkpoint.Signal.ShouldBe("SIGTERM");
        spec.Placement.Clusters.ShouldBe(["any"]);
        spec.Roles["worker"].Replicas.ShouldBe(new Replicas(1, 1));
    }

    /// <param name="marked">The problem is expected where » stands; the mark itself is not part of the file.</param>
    [Theory]
    [InlineData("»name: 5\nroles: {worker: {command: [x]}}", "WrongType", "name", 6)]
    [InlineData("name: a\nroles:\n  worker:\n    »replcas: 4\n    command: [x]", "UnknownKey", "roles.worker.replcas", 0)]
    [InlineData("name: a\n»name: b\nroles: {worker: {command: [x]}}", "DuplicateKey", "name", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x]}}\n»queue:\n", "NoValue", "queue", 0)]
    [InlineData("name: »Bad_Name\nroles: {worker: {command: [x]}}", "BadValue", "name", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x, »1]}}", "WrongType", "roles.worker.command[1]", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x], resources: {gpu: »\"8\"}}}", "WrongType", "roles.worker.resources.gpu", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x], resources: {memory: »12Gx}}}", "WrongType", "roles.worker.resources.memory", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x]}}\nenv: {车: \"1\", »CONVOY_X: \"1\"}", "BadValue", "env.CONVOY_X", 10)]
    [InlineData("name: a\nroles:\n  »worker: {command: []}", "BadValue", "roles.worker.command", 18)]
    [InlineData("name: a\nroles:\n  worker: »{replicas: 2}", "Missing", "roles.worker.command", 0)]
    [InlineData("name: a\nframework: »tensorflow\nroles: {worker: {command: [x]}}", "NotAvailable", "framework", 0)]
    [InlineData("name: a\nframework: »pytorhc\nroles: {worker: {command: [x]}}", "UnknownWord", "framework", 0)]
    [InlineData("name: a\r\nroles: {worker: {command: [x]}}\r\nlimits:\r\n  maxDuration: »5y\r\n", "WrongType", "limits.maxDuration", 0)]
    [InlineData("name: a\nroles: {worker: {command: [x]}}\nplacement: {clusters: [a, »B]}", "BadValue", "placement.clusters[1]", 0)]
    [InlineData("»- name: a", "WrongType", "", 0)]
    public void A_problem_stands_at_its_line_and_column(string marked, string code, string path, int further)
    {
        var (line, column) = Place.Of(marked, "»");
        var problems = Read(marked.Replace("»", "", StringComparison.Ordinal)).Problems;
        var problem = problems.Where(problem => problem.Path == path && problem.Code == code).ShouldHaveSingleItem();
        (problem.Line, problem.Column).ShouldBe((line, column + further));
    }

    [Fact]
    public void Problems_come_all_at_once_in_the_order_of_the_file()
    {
        var problems = Read("nmae: a\nframework: mpi\nroles:\n  worker:\n    command: run\n    resources: {gpu: -1, cpu: many}\nenv: {A: 1}\nlimits: {maxDuration: 0s}\n").Problems;
        problems.Select(problem => (problem.Path, problem.Line)).ShouldBe(
            [("name", 1), ("nmae", 1), ("framework", 2), ("roles.worker.command", 5), ("roles.worker.resources.gpu", 6), ("roles.worker.resources.cpu", 6), ("env.A", 7), ("limits.maxDuration", 8)],
            ignoreOrder: true);
        problems.ShouldBeInOrder(SortDirection.Ascending, Comparer<SpecProblem>.Create((a, b) => (a.Line, a.Column).CompareTo((b.Line, b.Column))));
        problems.Single(problem => problem.Path == "nmae").Message.ToString().ShouldContain("did you mean 'name'");
    }

    [Fact]
    public void A_file_that_is_no_yaml_is_one_problem_that_names_the_file()
    {
        var problem = Read("name: a\nroles: {worker: [\n").Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("Syntax");
        problem.Path.ShouldBe("");
        problem.Line.ShouldBeGreaterThan(1);
    }

    private static JobSpec Valid(string text)
    {
        var reading = Read(text);
        reading.Problems.ShouldBeEmpty();
        return reading.Spec.ShouldNotBeNull();
    }

    private static SpecReading Read(string text) => JobFile.Read(text);
}
