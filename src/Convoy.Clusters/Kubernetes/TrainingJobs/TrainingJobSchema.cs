using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// The custom resource definition, made from <see cref="JobSpec"/>: its properties are the schema, and what <see cref="JobKeys"/> says of each
/// is its description. What a schema cannot say the server checks when the job is submitted.
/// </summary>
public static class TrainingJobSchema
{
    /// <summary>Cost of rules is reckoned from the longest that could be.</summary>
    private const int LongestText = 8192;
    private const int MostItems = 1024;
    /// <summary>A key of the object that is none of the job file.</summary>
    internal const string SuspendKey = "suspend";

    private static readonly Dictionary<Type, JsonObject> Texts = new()
    {
        [typeof(ByteSize)] = IntOrString(), [typeof(CpuQuantity)] = IntOrString(), [typeof(Replicas)] = IntOrString(), [typeof(TimeSpan)] = IntOrString(),
    };

    /// <summary>As the API server takes it.</summary>
    public static JsonObject Definition() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{TrainingJobObject.Plural}.{TrainingJobObject.Group}", ["labels"] = new JsonObject { ["app.kubernetes.io/part-of"] = "convoy" } },
        ["spec"] = new JsonObject
        {
            ["group"] = TrainingJobObject.Group,
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject
            {
                ["kind"] = TrainingJobObject.Kind, ["listKind"] = $"{TrainingJobObject.Kind}List", ["plural"] = TrainingJobObject.Plural, ["singular"] = "trainingjob",
                ["shortNames"] = new JsonArray("tj"), ["categories"] = new JsonArray("all", "convoy"),
            },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = TrainingJobObject.Version,
                ["served"] = true,
                ["storage"] = true,
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["additionalPrinterColumns"] = new JsonArray(
                    Column("Phase", "string", ".status.phase"), Column("Reason", "string", ".status.reason"), Column("Gang", "string", ".status.gang"),
                    Column("GPUs", "integer", ".status.gpus"), Column("Job", "string", ".status.jobId", 1), Column("Message", "string", ".status.message", 1),
                    Column("Age", "date", ".metadata.creationTimestamp")),
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root() },
            }),
        },
    };

    private static JsonObject Root() => new()
    {
        ["type"] = "object",
        ["description"] = "A training job: the job file as its spec, what Convoy decided, and how it goes.",
        ["required"] = new JsonArray("spec"),
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object" },
            ["spec"] = Spec(),
            ["assignment"] = Open("What Convoy decided for the job. Written by Convoy's agent alone; anything else here is taken for nothing."),
            ["status"] = Status(),
        },
    };

    private static JsonObject Spec()
    {
        var spec = ObjectOf(typeof(JobSpec), "");
        var properties = spec["properties"]!.AsObject();
        properties[SuspendKey] = new JsonObject { ["type"] = "boolean", ["description"] = "true: the job gives its machines back, or gets none, until it is false again" };
        spec["description"] = "The job file; `convoy explain` and docs/job-file.md tell of every key.";
        spec["x-kubernetes-validations"] = new JsonArray(
            Rule("!has(self.code) || !has(self.code.workdir)", "a folder of yours cannot be read from here; upload it with `convoy submit`, or name an uploaded archive in code.archive"),
            Rule("self.name == oldSelf.name", "the name of a job does not change"),
            Rule("self.roles == oldSelf.roles", "the roles of a job do not change; make another job"));
        return spec;
    }

    private static JsonObject Status() => new()
    {
        ["type"] = "object",
        ["x-kubernetes-preserve-unknown-fields"] = true,
        ["properties"] = new JsonObject
        {
            ["phase"] = Text(), ["reason"] = Text(), ["message"] = Text(), ["jobId"] = Text(), ["gang"] = Text(),
            ["attempt"] = Number(), ["gpus"] = Number(), ["boundAttempt"] = Number(), ["boundTasks"] = Number(),
            ["outcome"] = Open("How each task of the attempt ended."),
            ["conditions"] = new JsonObject
            {
                ["type"] = "array",
                ["x-kubernetes-list-type"] = "map",
                ["x-kubernetes-list-map-keys"] = new JsonArray("type"),
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["required"] = new JsonArray("type", "status"),
                    ["properties"] = new JsonObject { ["type"] = Text(), ["status"] = Text(), ["reason"] = Text(), ["message"] = Text(), ["lastTransitionTime"] = new JsonObject { ["type"] = "string", ["format"] = "date-time" } },
                },
            },
        },
    };

    private static JsonObject ObjectOf(Type type, string path)
    {
        var properties = new JsonObject();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite && !IsInternal(property)))
        {
            var key = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var at = path.Length == 0 ? key : $"{path}.{key}";
            var schema = ValueOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, at);
            if (MeaningOf(at) is { } meaning) schema["description"] = meaning;
            properties[key] = schema;
        }

        var required = JobKeys.All.Where(key => key.IsRequired && properties.ContainsKey(key.Path[(key.Path.LastIndexOf('.') + 1)..]) && key.Path == (path.Length == 0 ? key.Path[(key.Path.LastIndexOf('.') + 1)..] : $"{path}.{key.Path[(key.Path.LastIndexOf('.') + 1)..]}"))
            .Select(key => (JsonNode)key.Path[(key.Path.LastIndexOf('.') + 1)..]).ToArray();
        var made = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Length > 0) made["required"] = new JsonArray(required);
        return made;
    }

    private static JsonObject ValueOf(Type type, string path)
    {
        if (Texts.TryGetValue(type, out var text)) return text.DeepClone().AsObject();
        if (type == typeof(string)) return Text();
        if (type == typeof(int)) return Number();
        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type.IsEnum) return new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))]) };
        if (type == typeof(IReadOnlyDictionary<string, RoleSpec>))
        {
            return new JsonObject { ["type"] = "object", ["minProperties"] = 1, ["properties"] = new JsonObject(RoleOrder.Names.Select(name => KeyValuePair.Create<string, JsonNode?>(name, ObjectOf(typeof(RoleSpec), $"{path}.{JobKey.AnyRole}")))) };
        }

        if (type == typeof(IReadOnlyDictionary<string, string>)) return new JsonObject { ["type"] = "object", ["maxProperties"] = MostItems, ["additionalProperties"] = Text() };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return new JsonObject { ["type"] = "array", ["maxItems"] = MostItems, ["items"] = ValueOf(type.GetGenericArguments()[0], path) };
        return ObjectOf(type, path);
    }

    /// <summary>A part of the spec that is no key of the job file.</summary>
    private static bool IsInternal(PropertyInfo property) => property.DeclaringType == typeof(JobSpec) && !JobKeys.All.Any(key =>
        key.Path.Split('.')[0] == JsonNamingPolicy.CamelCase.ConvertName(property.Name));

    private static string? MeaningOf(string path) => JobKeys.All.FirstOrDefault(key => key.Path == path)?.Meaning.In(Language.English);

    private static JsonObject Column(string name, string type, string path, int priority = 0) => new() { ["name"] = name, ["type"] = type, ["jsonPath"] = path, ["priority"] = priority };

    private static JsonObject Rule(string rule, string message) => new() { ["rule"] = rule, ["message"] = message };

    private static JsonObject Text() => new() { ["type"] = "string", ["maxLength"] = LongestText };

    private static JsonObject Number() => new() { ["type"] = "integer" };

    private static JsonObject IntOrString() => new() { ["x-kubernetes-int-or-string"] = true };

    private static JsonObject Open(string description) => new() { ["type"] = "object", ["description"] = description, ["x-kubernetes-preserve-unknown-fields"] = true };
}
