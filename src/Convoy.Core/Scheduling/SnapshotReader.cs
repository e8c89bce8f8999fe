using System.Text;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Core.Scheduling;

/// <summary>What one plan was made of, or what is wrong with its file.</summary>
public sealed record SnapshotReading(PlanningCase? Case, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads a planning case that anybody may have written: of JSON that is none it tells the place, of keys and values their path.</summary>
public static class SnapshotReader
{
    /// <summary>More nobody reads.</summary>
    public const int MaxProblems = 20;

    private const int SchemaVersion = 1;

    public static SnapshotReading Read(ReadOnlySpan<byte> json)
    {
        if (json.StartsWith(Encoding.UTF8.Preamble)) json = json[Encoding.UTF8.Preamble.Length..];
        try
        {
            return Read(JsonElement.Parse(json));
        }
        catch (JsonException e)
        {
            return new SnapshotReading(null, [NoJson(json, (int)(e.LineNumber ?? 0), (int)(e.BytePositionInLine ?? 0))]);
        }
        catch (InvalidOperationException)
        {
            // So a text is refused that is no UTF-8 or holds half of a surrogate pair.
            return new SnapshotReading(null, [new SpecProblem("", "Syntax", "not JSON: a text in it is not Unicode")]);
        }
    }

    private static SnapshotReading Read(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Object && given.TryGetProperty("schemaVersion", out var version) && version.ValueKind == JsonValueKind.Number && !(version.TryGetInt32(out var number) && number == SchemaVersion))
        {
            return new SnapshotReading(null, [new SpecProblem("schemaVersion", "BadValue", $"is {version.GetRawText()}, and this program reads {SchemaVersion}")]);
        }

        var read = Deserialize(given);
        var problems = new SnapshotShape(SnapshotJson.Default, checksValues: read is null).Problems(given, typeof(PlanningCase));
        if (problems.Count == 0 && read is null) problems = [new SpecProblem("", "BadValue", "it is no snapshot of the scheduler")];
        if (problems.Count == 0) problems = [.. SnapshotValidator.Problems(read!).Take(MaxProblems)];
        return problems.Count == 0 ? new SnapshotReading(read, []) : new SnapshotReading(null, problems);
    }

    private static PlanningCase? Deserialize(JsonElement given)
    {
        try
        {
            return given.Deserialize(SnapshotJson.Default.PlanningCase);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <param name="line">From 0, as <paramref name="column"/>, which counts bytes.</param>
    private static SpecProblem NoJson(ReadOnlySpan<byte> json, int line, int column)
    {
        if (json.Trim(" \t\r\n"u8).IsEmpty) return new SpecProblem("", "Syntax", "the file is empty", 1, 1);
        var rest = json;
        for (var i = 0; i < line; i++) rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        rest = rest[Math.Min(column, rest.Length)..];
        return new SpecProblem("", "Syntax", rest.Trim(" \t\r\n"u8).IsEmpty
            ? (Text)"not JSON: the file ends too early; is it whole?"
            : $"not JSON: '{(Rune.DecodeFromUtf8(rest, out var rune, out _) == System.Buffers.OperationStatus.Done ? rune.ToString() : "?")}' cannot stand here", line + 1, column + 1);
    }
}
