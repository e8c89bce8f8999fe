using System.Reflection;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Jobs.Reading;

/// <summary>What people are told of the job file's keys is what a job has.</summary>
public sealed class JobKeyTests
{
    private static readonly Dictionary<Type, string> Types = new()
    {
        [typeof(string)] = "text",
        [typeof(int)] = "whole number",
        [typeof(bool)] = "true or false",
        [typeof(TimeSpan)] = "duration",
        [typeof(ByteSize)] = "size",
        [typeof(CpuQuantity)] = "cores",
        [typeof(Replicas)] = "number or range",
        [typeof(IReadOnlyList<string>)] = "list of texts",
        [typeof(IReadOnlyList<int>)] = "list of whole numbers",
        [typeof(IReadOnlyList<DatasetSpec>)] = "list of data sets",
        [typeof(IReadOnlyDictionary<string, string>)] = "texts by name",
        [typeof(IReadOnlyDictionary<string, RoleSpec>)] = "roles by name",
        [typeof(JobPriority)] = "one of low, normal, high",
        [typeof(Framework)] = "one of command, pytorch",
        [typeof(TopologyLevel)] = "one of island, node, rack, block, fabric, zone, region, cluster",
    };

    /// <summary>But for what only the platform writes.</summary>
    [Fact]
    public void Every_property_of_a_job_is_told_with_its_type_in_order_and_nothing_else() =>
        JobKeys.All.Select(key => (key.Path, $"{key.Type}")).ShouldBe(Properties(typeof(JobSpec), "").Where(property => !property.Path.StartsWith("pods.", StringComparison.Ordinal)));

    [Fact]
    public void What_must_be_given_is_what_is_missed() =>
        JobKeys.All.Where(key => key.IsRequired).Select(key => key.Path).ShouldBe(["name", "roles", "roles.ROLE.command"]);

    [Fact]
    public void Defaults_are_those_of_the_model()
    {
        var told = JobKeys.All.Where(key => key.Default is not null).ToDictionary(key => key.Path, key => key.Default);
        (told["checkpoint.grace"], told["priority"], told["roles.ROLE.replicas"], told["placement.clusters"], told["preemptible"]).ShouldBe(("30s", "normal", "1", "[any]", "true"));
        told.Keys.ShouldNotContain("queue");
    }

    /// <summary>The rule is read from the answer to a bad value: it must be refused for its meaning, at its key, and be said in both languages.</summary>
    [Fact]
    public void Rules_are_the_words_in_which_a_bad_value_is_refused()
    {
        var rules = JobKeys.All.Where(key => key.Refused is not null).ToDictionary(key => key.Path, key => key.Rule!);
        rules.Count.ShouldBeGreaterThan(20);
        rules["recovery.maxRestarts"].ToString().ShouldBe("must be 0 to 1000");
        rules["interactive.idleTimeout"].In(Language.Chinese).ShouldContain("1s");
        foreach (var (path, rule) in rules) rule.ToString().ShouldNotContain(", and is ", Case.Sensitive, $"{path}: the value is of another type");
    }

    private static IEnumerable<(string Path, string Type)> Properties(Type type, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = path + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var inner = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (Types.TryGetValue(inner, out var name)) yield return (key, name);
            if (inner == typeof(IReadOnlyDictionary<string, RoleSpec>)) foreach (var each in Properties(typeof(RoleSpec), $"{key}.{JobKey.AnyRole}.")) yield return each;
            else if (!Types.ContainsKey(inner)) foreach (var each in Properties(inner, $"{key}.")) yield return each;
        }
    }
}
