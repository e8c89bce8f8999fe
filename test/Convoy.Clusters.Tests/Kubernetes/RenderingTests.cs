using System.Runtime.CompilerServices;
using System.Text;
using Convoy.Clusters.Kubernetes;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using k8s;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>
/// What pods, services and secrets a job becomes, as YAML that people can read. <c>CONVOY_UPDATE_GOLDEN=1 ./test.sh Clusters</c> writes the
/// files anew; the change is reviewed like code.
/// </summary>
public sealed class RenderingTests
{
    private static readonly KubernetesOptions Options = new() { Name = "gpu-a", ServerUrl = "https://convoy.example.org", SealKey = new byte[32], AgentImage = "registry.example.org/convoy/agent:1" };
    private static readonly NodeResources Nvidia = new(AcceleratorCatalogue.WellKnown[0], "rdma/ib0");

    public static TheoryData<string, string, int> Cases => new()
    {
        { "command-one-task", """{"name":"hello","roles":{"command":{"command":["python3","-c","print(1)"]}}}""", 1 },
        {
            "pytorch-gang-on-gpus",
            """
            {"name":"digits","framework":"pytorch","displayName":"数字","roles":{"worker":{"replicas":2,"command":["torchrun","train.py"],"image":"registry.example.org/train:1","resources":{"gpu":8,"cpu":64,"memory":"512Gi","rdma":1}}},
             "code":{"archive":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"env":{"LR":"0.1"},"checkpoint":{"path":"/ckpt","signal":"SIGUSR1","grace":"2m"}}
            """,
            2
        },
        { "elastic-at-its-least", """{"name":"grow","framework":"pytorch","roles":{"worker":{"replicas":"1..3","command":["torchrun","w.py"]}}}""", 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_job_becomes_these_objects(string name, string job, int tasks)
    {
        var reading = JobSpecReader.ReadJson(Encoding.UTF8.GetBytes(job));
        reading.Problems.ShouldBeEmpty();
        var roles = RoleOrder.Ordered(reading.Spec!.Roles).SelectMany(role => Enumerable.Range(0, role.Value.Replicas.Min).Select(index => (Role: role.Key, Index: index))).Take(tasks).ToArray();
        var decision = new Assignment
        {
            JobId = JobId.Parse("j0123456789abcde"), Generation = 3, Wanted = WantedState.Run, Attempt = 2, Cluster = "gpu-a", Owner = "alice", Spec = reading.Spec,
            Tasks = [.. roles.Select((role, rank) => new TaskPlacement(role.Role, role.Index, rank, $"node-{rank}", []))],
        };
        var owner = AttemptObjects.OwnedBy(ObjectNames.Job(decision), "11111111-2222-3333-4444-555555555555");
        object[] objects =
        [
            .. AttemptObjects.NeedsService(decision) ? [AttemptObjects.Service(decision, owner, "convoy-alice")] : Array.Empty<object>(),
            AttemptObjects.Secret(decision, "cvr_token", owner, "convoy-alice"),
            .. decision.Tasks.Select(task => TaskPod.Render(decision, task.Rank, Nvidia, owner, "convoy-alice", Options)),
        ];
        var yaml = string.Join("---\n", objects.Select(each => KubernetesYaml.Serialize(each).TrimEnd() + "\n"));
        var file = Path.Combine(Folder(), $"{name}.yaml");
        if (Environment.GetEnvironmentVariable("CONVOY_UPDATE_GOLDEN") == "1") File.WriteAllText(file, yaml);
        yaml.ShouldBe(File.ReadAllText(file), $"CONVOY_UPDATE_GOLDEN=1 ./test.sh Clusters writes {file} anew");

        // The token is a secret's, and nowhere else.
        yaml.Split("---\n").Where(part => !part.Contains("kind: Secret", StringComparison.Ordinal)).ShouldAllBe(part => !part.Contains("cvr_token", StringComparison.Ordinal));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
