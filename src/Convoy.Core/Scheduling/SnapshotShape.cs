using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Compares JSON with what a record is made of. The generated reader gives a key that is left out the zero of its type, not the
/// property's default, so none may be left out; keys that nobody knows are passed over.
/// </summary>
/// <param name="checksValues">Whether single values are looked at, too: each costs as much as reading it.</param>
internal sealed class SnapshotShape(JsonSerializerContext context, bool checksValues)
{
    private readonly List<SpecProblem> problems = [];

    public IReadOnlyList<SpecProblem> Problems(JsonElement given, Type type)
    {
        Check(given, type, isNullable: false, "");
        return problems;
    }

    private void Check(JsonElement given, Type type, bool isNullable, string path)
    {
        if (problems.Count >= SnapshotReader.MaxProblems) return;
        if (given.ValueKind == JsonValueKind.Null)
        {
            if (!isNullable) Wrong(path, "must have a value");
            return;
        }

        var shape = context.GetTypeInfo(type)!;
        switch (shape.Kind)
        {
            case JsonTypeInfoKind.Object:
                if (Is(JsonValueKind.Object, "an object of keys and values")) CheckKeys(given, shape, path);
                break;
            case JsonTypeInfoKind.Enumerable:
                if (!Is(JsonValueKind.Array, "a list")) break;
                var index = 0;
                foreach (var item in given.EnumerateArray()) Check(item, shape.ElementType!, isNullable: false, $"{path}[{index++}]");
                break;
            case JsonTypeInfoKind.Dictionary:
                if (!Is(JsonValueKind.Object, "an object of keys and values")) break;
                foreach (var member in given.EnumerateObject()) Check(member.Value, shape.ElementType!, isNullable: false, Join(path, member.Name));
                break;
            default:
                CheckValue(given, shape, path);
                break;
        }

        bool Is(JsonValueKind kind, Text what)
        {
            if (given.ValueKind == kind) return true;
            Wrong(path, $"must be {what}");
            return false;
        }
    }

    private void CheckKeys(JsonElement given, JsonTypeInfo shape, string path)
    {
        foreach (var property in shape.Properties)
        {
            if (property is { Set: null, AssociatedParameter: null }) continue;
            var at = Join(path, property.Name);
            if (!given.TryGetProperty(property.Name, out var value)) problems.Add(new SpecProblem(at, "Missing", "is missing"));
            else Check(value, property.PropertyType, Nullable.GetUnderlyingType(property.PropertyType) is not null || (!property.PropertyType.IsValueType && property.IsGetNullable), at);
        }
    }

    private void CheckValue(JsonElement given, JsonTypeInfo shape, string path)
    {
        var type = Nullable.GetUnderlyingType(shape.Type) ?? shape.Type;

        // Numbers would pass for words, those that mean nothing included.
        if (type.IsEnum && !(given.ValueKind == JsonValueKind.String && Enum.GetNames(type).Contains(given.GetString(), StringComparer.OrdinalIgnoreCase)))
        {
            Wrong(path, $"must be one of {string.Join(", ", Enum.GetNames(type))}");
            return;
        }

        if (!checksValues) return;
        try
        {
            given.Deserialize(shape);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Wrong(path, $"must be {What(type)}");
        }
    }

    private void Wrong(string path, Text message) => problems.Add(new SpecProblem(path, "WrongType", path.Length == 0 ? (Text)$"the snapshot {message}" : message));

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static Text What(Type type) => type switch
    {
        _ when type == typeof(bool) => (Text)"true or false",
        _ when type == typeof(int) => $"a whole number, at most {int.MaxValue}",
        _ when type == typeof(long) => $"a whole number, at most {long.MaxValue}",
        _ when type == typeof(DateTimeOffset) => "a time such as 2026-01-01T00:00:00+00:00",
        _ when type == typeof(TimeSpan) => "a duration such as 30s or 48h",
        _ when type == typeof(JobId) => "a job's id",
        _ => "text",
    };
}
