using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using YamlDotNet.Serialization;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>The custom resource definition and <see cref="JobSpec"/> say the same.</summary>
public sealed class TrainingJobSchemaTests
{
    [Fact]
    public void The_definition_that_is_deployed_is_made_from_the_job_spec()
    {
        var yaml = "# Made from JobSpec: CONVOY_UPDATE_GOLDEN=1 ./test.sh Clusters writes it anew.\n"
            + new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(Plain(TrainingJobSchema.Definition())!).Replace("\r\n", "\n", StringComparison.Ordinal);
        var file = Path.Combine(Checkout(), "deploy", "kubernetes", "trainingjobs.yaml");
        if (Environment.GetEnvironmentVariable("CONVOY_UPDATE_GOLDEN") == "1") File.WriteAllText(file, yaml);
        File.ReadAllText(file).ShouldBe(yaml);
    }

    [Fact]
    public void Every_key_of_the_job_file_is_in_the_schema_and_nothing_else_but_whether_it_is_suspended()
    {
        var spec = Spec();
        foreach (var key in JobKeys.All)
        {
            var at = spec;
            foreach (var word in key.Path.Split('.')) at = at["properties"]![word == JobKey.AnyRole ? "worker" : word].ShouldNotBeNull($"{key.Path} is missing").AsObject();
            at["description"]!.GetValue<string>().ShouldBe(key.Meaning.In(Core.Languages.Language.English));
        }

        var known = JobKeys.All.Select(key => key.Path.Split('.')[0]).Distinct().Append("suspend").Order();
        spec["properties"]!.AsObject().Select(property => property.Key).Order().ShouldBe(known);
    }

    [Fact]
    public void Whatever_a_valid_job_holds_the_schema_has_a_place_of_its_type_for()
    {
        const string Full = """
            {"name":"full","queue":"q","priority":"high","framework":"pytorch","roles":{"worker":{"replicas":"2..8","image":"i","command":["a","b"],"resources":{"gpu":8,"accelerators":["H100-80G"],"cpu":64,"memory":"512Gi","rdma":1}}},
             "code":{"archive":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"env":{"LR":"0.1"},"checkpoint":{"path":"/ckpt","signal":"SIGUSR1","grace":"2m"},
             "recovery":{"maxRestarts":3,"retryExitCodes":[33],"hangTimeout":"30m"},"preemptible":false,"placement":{"clusters":["any"],"topology":{"preferred":"rack"}},"limits":{"maxDuration":"48h"},"labels":{"a":"b"},"displayName":"车"}
            """;
        var reading = JobSpecReader.ReadJson(Encoding.UTF8.GetBytes(Full));
        reading.Problems.ShouldBeEmpty();
        Fits(JsonSerializer.SerializeToNode(reading.Spec, CoreJson.Default.JobSpec)!, Spec(), "spec");
    }

    [Fact]
    public void Every_property_of_the_job_spec_is_a_key_of_the_job_file_or_the_platforms_own()
    {
        var keys = JobKeys.All.Select(key => key.Path.Split('.')[0]).ToHashSet();
        typeof(JobSpec).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))
            .Where(name => !keys.Contains(name)).ShouldBe(["pods"]);
    }

    private static void Fits(JsonNode value, JsonObject schema, string path)
    {
        var type = (string?)schema["type"];
        switch (value)
        {
            case JsonObject item when schema["additionalProperties"] is JsonObject each:
                foreach (var (key, inner) in item) Fits(inner!, each, $"{path}.{key}");
                break;
            case JsonObject item:
                type.ShouldBe("object", path);
                foreach (var (key, inner) in item) Fits(inner!, schema["properties"]![key].ShouldNotBeNull($"{path}.{key}").AsObject(), $"{path}.{key}");
                break;
            case JsonArray list:
                type.ShouldBe("array", path);
                foreach (var inner in list) Fits(inner!, schema["items"]!.AsObject(), path);
                break;
            default:
                if (schema["x-kubernetes-int-or-string"] is not null) value.GetValueKind().ShouldBeOneOf(JsonValueKind.String, JsonValueKind.Number);
                else if (type == "string") value.GetValueKind().ShouldBe(JsonValueKind.String, path);
                else if (type == "integer") value.GetValueKind().ShouldBe(JsonValueKind.Number, path);
                else value.GetValueKind().ShouldBeOneOf(JsonValueKind.True, JsonValueKind.False);
                if (schema["enum"] is JsonArray words) words.Select(word => (string)word!).ShouldContain((string)value!);
                break;
        }
    }

    private static JsonObject Spec() => TrainingJobSchema.Definition()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject();

    /// <summary>As a YAML writer takes it.</summary>
    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject item => item.ToDictionary(pair => pair.Key, pair => Plain(pair.Value)),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => value.GetValue<int>(),
        JsonValue value => value.GetValue<bool>(),
        _ => null,
    };

    private static string Checkout([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
