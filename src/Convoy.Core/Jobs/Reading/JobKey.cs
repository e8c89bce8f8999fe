using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Json;
using Convoy.Core.Languages;

namespace Convoy.Core.Jobs.Reading;

/// <summary>
/// One key of the job file, as people are told of it. What its default is, whether it must be given and what its values must be like is not written
/// down a second time: the model, the reader and the validator are asked.
/// </summary>
/// <param name="Path">From the top of the file; <see cref="AnyRole"/> stands for a role's name.</param>
/// <param name="Type">What is written after it.</param>
/// <param name="Meaning">In one line.</param>
public sealed record JobKey(string Path, Text Type, Text Meaning)
{
    public const string AnyRole = "ROLE";

    /// <summary>The smallest job there is.</summary>
    private const string LeastJob = """{"name":"job","roles":{"worker":{"command":["true"]}}}""";

    private static readonly JobSpec UsualJob = new()
    {
        Name = "",
        Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = [] } },
        Code = new CodeSpec(),
        Placement = new PlacementSpec { Topology = new TopologySpec() },
        Interactive = new InteractiveSpec(),
    };

    /// <summary>A value of its type, as JSON, that no job may have; null where every value is allowed.</summary>
    public string? Refused { get; init; }

    public bool IsRequired => Read(null).Problems.Any(problem => problem.Code == "Missing" && problem.Path == PlaceInJob);

    /// <summary>As it would stand in the file; null where it has none, or must be given.</summary>
    public string? Default
    {
        get
        {
            if (IsRequired) return null;
            var value = Keys.Aggregate((JsonNode?)JsonSerializer.SerializeToNode(UsualJob, CoreJson.Default.JobSpec), (node, key) => node?[key]);
            return value switch
            {
                null or JsonArray { Count: 0 } or JsonObject { Count: 0 } => null,
                JsonArray list => $"[{string.Join(", ", list)}]",
                _ => value.ToString(),
            };
        }
    }

    /// <summary>What a value must be like, in the words in which one that is not is refused.</summary>
    public Text? Rule => Refused is null ? null : Read(Refused).Problems.First(problem => problem.Path.StartsWith(PlaceInJob, StringComparison.Ordinal)).Message;

    private string PlaceInJob => Path.Replace(AnyRole, "worker", StringComparison.Ordinal);

    private string[] Keys => PlaceInJob.Split('.');

    /// <summary>The smallest job with this value at the key, or without the key.</summary>
    private SpecReading Read(string? value)
    {
        var job = JsonNode.Parse(LeastJob)!.AsObject();
        var inner = Keys[..^1].Aggregate(job, (node, key) =>
        {
            if (node[key] is not JsonObject next) node[key] = next = [];
            return next;
        });
        inner.Remove(Keys[^1]);
        if (value is not null) inner[Keys[^1]] = JsonNode.Parse(value);
        return JobSpecReader.ReadJson(System.Text.Encoding.UTF8.GetBytes(job.ToJsonString()));
    }
}
