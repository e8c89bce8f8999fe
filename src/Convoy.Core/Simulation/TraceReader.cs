using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Core.Simulation;

/// <summary>The jobs of a trace, or what is wrong with its file.</summary>
/// <param name="Problems">The first <see cref="TraceReader.MaxProblems"/>.</param>
/// <param name="ProblemCount">All of them.</param>
public sealed record TraceReading(IReadOnlyList<SimulatedJob>? Jobs, IReadOnlyList<SpecProblem> Problems, int ProblemCount);

/// <summary>
/// Reads a trace: CSV (RFC 4180) with a header. Columns may come in any order; what is empty is left out. Times are in seconds, and
/// numbers may have decimals.
/// </summary>
public static class TraceReader
{
    public const int MaxProblems = 20;
    public const int MaxJobs = 2_000_000;

    internal static readonly string[] Required = ["id", "submit_s", "duration_s", "gpus"];

    /// <summary>In the order of the documentation.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        [.. Required, "nodes", "gpu_milli", "cpu", "memory", "accelerators", "user", "level", "queue", "priority", "preemptible", "min_nodes"];

    /// <param name="cluster">What levels and queues there are to name.</param>
    public static TraceReading Read(string text, SimulatedCluster cluster)
    {
        var problems = new TraceProblems();
        var jobs = new List<SimulatedJob>();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        Dictionary<string, int>? columns = null;
        TraceRow? row = null;
        var width = 0;
        foreach (var record in new CsvText(text).Records())
        {
            var first = record.Cells[0];
            if (record.Error is not null)
            {
                problems.Add(record.Cells[^1], "row", "Syntax", record.Error);
            }
            else if (columns is null)
            {
                columns = Header(record.Cells, problems);
                row = new TraceRow(columns, cluster, problems);
                width = record.Cells.Count;
            }
            else if (record.Cells.Count != width)
            {
                problems.Add(first, "row", "BadRow", $"has {record.Cells.Count} cells, and the header has {width}");
            }
            else if (jobs.Count == MaxJobs)
            {
                problems.Add(first, "row", "TooLarge", $"a trace has at most {MaxJobs} jobs");
                break;
            }
            else
            {
                var job = row!.Read(record.Cells);
                if (job.Id.Length > 0 && !ids.TryAdd(job.Id, first.Line)) problems.Add(record.Cells[columns["id"]], "id", "Duplicate", $"'{Cell.Short(job.Id)}' comes twice; line {ids[job.Id]} has it too");
                jobs.Add(job);
            }
        }

        if (columns is null && problems.Count == 0) problems.Add(new CsvCell("", 1, 1), "", "Empty", $"the file is empty; it needs a header with {string.Join(", ", Required)}, and a row for each job");
        else if (jobs.Count == 0 && problems.Count == 0) problems.Add(new CsvCell("", 1, 1), "", "Empty", "there is no job below the header");
        return new TraceReading(problems.Count == 0 ? jobs : null, problems.First, problems.Count);
    }

    private static Dictionary<string, int> Header(IReadOnlyList<CsvCell> cells, TraceProblems problems)
    {
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < cells.Count; i++)
        {
            var name = cells[i].Text;
            if (!Columns.Contains(name))
            {
                var guess = problems.Guess(name, Columns);
                problems.Add(cells[i], "header", "UnknownColumn", $"there is no column '{Cell.Short(name)}'{guess ?? $"; columns are {string.Join(", ", Columns)}"}");
            }
            else if (!columns.TryAdd(name, i))
            {
                problems.Add(cells[i], "header", "DuplicateColumn", $"the column '{name}' comes twice");
            }
        }

        foreach (var missing in Required.Where(name => !columns.ContainsKey(name))) problems.Add(cells[0], "header", "MissingColumn", $"the column '{missing}' is missing");
        return columns;
    }
}

/// <summary>Gathers what is wrong; keeps no more than anybody reads.</summary>
internal sealed class TraceProblems
{
    private readonly List<SpecProblem> first = [];

    public int Count { get; private set; }

    /// <summary>As they stand in the file.</summary>
    public IReadOnlyList<SpecProblem> First => [.. first.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    /// <summary>The nearest word, as long as anybody reads it.</summary>
    public Text? Guess(string typed, IEnumerable<string> words) =>
        first.Count < TraceReader.MaxProblems && NearestWord.To(typed, words) is { } near ? (Text)$"; did you mean '{near}'?" : null;

    public void Add(CsvCell where, string column, string code, Text message)
    {
        Count++;
        if (first.Count < TraceReader.MaxProblems) first.Add(new SpecProblem(column, code, message, where.Line, where.Column));
    }
}
