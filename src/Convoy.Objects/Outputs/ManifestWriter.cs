using System.Text.Json;

namespace Convoy.Objects.Outputs;

/// <summary>Puts any number of entries in the order of their paths with little memory: sorted runs in a folder of their own, then merged.</summary>
internal sealed class ManifestWriter(string folder)
{
    private const int EntriesOfRun = 20_000;
    private readonly List<OutputEntry> entries = [];
    private readonly List<string> runs = [];

    public void Add(OutputEntry entry)
    {
        entries.Add(entry);
        if (entries.Count == EntriesOfRun) Spill();
    }

    /// <summary>Writes the whole into a new file and flushes it.</summary>
    public void Write(string path, OutputSummary summary)
    {
        using var file = Create(path);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(summary, OutputJson.Default.OutputSummary));
        file.WriteByte((byte)'\n');
        if (runs.Count == 0)
        {
            foreach (var entry in Sorted()) Write(file, entry);
        }
        else
        {
            Spill();
            Merge(file);
        }

        file.Flush(flushToDisk: true);
    }

    private IEnumerable<OutputEntry> Sorted()
    {
        entries.Sort((x, y) => string.CompareOrdinal(x.Path, y.Path));
        return entries;
    }

    private void Spill()
    {
        var path = Path.Combine(folder, $"run-{runs.Count}");
        runs.Add(path);
        using var file = Create(path);
        foreach (var entry in Sorted()) Write(file, entry);
        entries.Clear();
    }

    private void Merge(FileStream target)
    {
        var readers = runs.ConvertAll(ManifestLines.Open);
        try
        {
            var next = new PriorityQueue<(OutputEntry Entry, ManifestLines From), string>(StringComparer.Ordinal);
            foreach (var reader in readers) Queue(reader);
            while (next.TryDequeue(out var first, out _))
            {
                Write(target, first.Entry);
                Queue(first.From);
            }

            void Queue(ManifestLines from)
            {
                if (from.ReadEntry() is { } entry) next.Enqueue((entry, from), entry.Path);
            }
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    private static FileStream Create(string path) =>
        new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, BufferSize = 1 << 16 });

    private static void Write(FileStream file, OutputEntry entry)
    {
        file.Write(JsonSerializer.SerializeToUtf8Bytes(entry, OutputJson.Default.OutputEntry));
        file.WriteByte((byte)'\n');
    }
}
