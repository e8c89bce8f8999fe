using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Objects.Outputs;

/// <summary>
/// What jobs' tasks left, on disk. Content is kept once per job under its SHA-256, and every manifest of the job refers to it: the whole
/// of a job is one folder, so deleting it needs no look at any other job, and no hash is ever referred to from elsewhere.
/// A manifest is there whole or not at all, and everything it refers to is durable before it is.
/// </summary>
public sealed class OutputStore(string root)
{
    /// <summary>A job's folders, in the order in which a copy of a store in use is made: what a manifest refers to is there before it.</summary>
    public const string ManifestsName = "manifests", ContentName = "content";

    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string root = Path.GetFullPath(root);
    private readonly OutputSpace space = new(Path.GetFullPath(root));

    /// <summary>Which tasks' outputs are kept, by attempt and rank; those that left nothing are not among them.</summary>
    public IReadOnlyList<(int Attempt, int Rank)> List(JobId job)
    {
        var manifests = new DirectoryInfo(Manifests(job));
        if (!manifests.Exists) return [];
        return [.. manifests.EnumerateDirectories()
            .Where(attempt => IsNumber(attempt.Name))
            .SelectMany(attempt => attempt.EnumerateFiles().Where(rank => IsNumber(rank.Name)).Select(rank => (Number(attempt.Name), Number(rank.Name))))
            .Order()];
    }

    public bool IsKept(JobId job, int attempt, int rank) => File.Exists(Manifest(job, attempt, rank));

    /// <summary>Null where nothing is kept.</summary>
    public OutputSummary? Summary(JobId job, int attempt, int rank)
    {
        using var lines = OpenManifest(job, attempt, rank);
        return lines?.ReadSummary();
    }

    /// <summary>A page of the entries whose paths begin like this; empty where nothing is kept.</summary>
    /// <param name="from">What the last page's <see cref="OutputPage.Next"/> said; null for the first page.</param>
    /// <returns>Null where no page says that.</returns>
    public OutputPage? Read(JobId job, int attempt, int rank, string prefix, long? from, int limit)
    {
        var entries = new List<OutputEntry>();
        using var lines = OpenManifest(job, attempt, rank);
        if (lines is null) return new OutputPage(entries, null);
        lines.ReadSummary();
        if (from is { } position)
        {
            if (!lines.TrySeek(position)) return null;
        }
        else if (prefix.Length > 0) lines.SeekPath(prefix);
        for (var at = lines.Position; lines.ReadEntry() is { } entry && entry.Path.StartsWith(prefix, StringComparison.Ordinal); at = lines.Position)
        {
            if (entries.Count == limit) return new OutputPage(entries, at);
            entries.Add(entry);
        }

        return new OutputPage(entries, null);
    }

    public OutputEntry? Find(JobId job, int attempt, int rank, string path) => Read(job, attempt, rank, path, null, 1)?.Entries is [var entry] && entry.Path == path ? entry : null;

    /// <summary>Null where there is no such content.</summary>
    public Stream? Open(JobId job, string sha256)
    {
        try
        {
            return new FileStream(BlobIn(Blobs(job), sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 17, useAsync: true);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Begins to take a task's output in; what an earlier try left unfinished is forgotten.</summary>
    public OutputTaking Begin(JobId job, int attempt, int rank)
    {
        var unfinished = Path.Combine(Job(job), "unfinished", $"{Text(attempt)}-{Text(rank)}");
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(root, OwnerOnlyFolder);
        Directory.CreateDirectory(unfinished, OwnerOnlyFolder);
        return new OutputTaking(unfinished, Blobs(job), Manifest(job, attempt, rank), space);
    }

    /// <summary>Nothing where there is room for so much.</summary>
    /// <exception cref="OutputSpaceException">There is not.</exception>
    public void CheckSpace(long bytes)
    {
        if (bytes > 0) space.Take(bytes, 0).Dispose();
    }

    /// <summary>Whoever takes outputs in may add to the folder or delete it at the same time.</summary>
    private static void DeleteFolder(string path)
    {
        const int tries = 10;
        for (var i = 1; ; i++)
        {
            try
            {
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
                return;
            }
            catch (IOException) when (i < tries)
            {
                Thread.Sleep(i);
            }
        }
    }

    /// <summary>Deletes all of a job's. May be repeated, and has to be where it was broken off.</summary>
    public void Delete(JobId job)
    {
        // First what says that they are there.
        DeleteFolder(Manifests(job));
        DeleteFolder(Job(job));
    }

    internal static string BlobIn(string folder, string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(folder, sha256[..2], sha256)
        : throw new ArgumentException("content is named by 64 lower-case hexadecimal digits", nameof(sha256));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool IsNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private ManifestLines? OpenManifest(JobId job, int attempt, int rank)
    {
        try
        {
            return ManifestLines.Open(Manifest(job, attempt, rank));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string Job(JobId job) => Path.Combine(root, job.Value);

    private string Blobs(JobId job) => Path.Combine(Job(job), ContentName);

    private string Manifests(JobId job) => Path.Combine(Job(job), ManifestsName);

    private string Manifest(JobId job, int attempt, int rank) => Path.Combine(Manifests(job), Text(attempt), Text(rank));
}
