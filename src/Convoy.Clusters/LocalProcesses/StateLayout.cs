using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Where everything lies in the state folder.</summary>
internal sealed class StateLayout(string root)
{
    public string Root => root;

    /// <summary>Locked while a cluster has the folder open.</summary>
    public string Lock => Path.Combine(root, "cluster.lock");

    public string Identity => Path.Combine(root, "identity");

    /// <summary>Code is unpacked here, where no task can reach, and moved whole.</summary>
    public string Staging => Path.Combine(root, "staging");

    public string Jobs => Path.Combine(root, "jobs");

    /// <summary>Copies of the Python client, open to all.</summary>
    public string Python => Path.Combine(root, "python");

    public string People => Path.Combine(root, "people");

    /// <summary>What tasks left, taken in.</summary>
    public string Outputs => Path.Combine(root, "outputs");

    /// <summary>Where the node agent puts data sets, a folder for each version.</summary>
    public string Mounts => Path.Combine(root, "datasets");

    /// <summary>What it holds of them.</summary>
    public string DatasetCache => Path.Combine(root, "cache");

    public string NodeSocket => Path.Combine(root, "node.sock");

    public string NodeLog => Path.Combine(root, "node.log");

    public string Job(JobId job) => Path.Combine(Jobs, job.Value);

    /// <summary>The newest <see cref="Wish"/>.</summary>
    public string Wish(JobId job) => Path.Combine(Job(job), "wish.json");

    /// <summary>Every observation of an attempt whose tasks have all ended: a finished job is one small file to read.</summary>
    public string Outcome(JobId job) => Path.Combine(Job(job), "outcome.json");

    public string Attempt(JobId job, int attempt) => Path.Combine(Job(job), Text(attempt));

    /// <summary>What the gang's tasks share: a <see cref="GangFile"/>.</summary>
    public string Gang(JobId job, int attempt) => Path.Combine(Attempt(job, attempt), "gang.json");

    /// <summary>Why the attempt could not be prepared: a <see cref="FailedPreparation"/>.</summary>
    public string Failed(JobId job, int attempt) => Path.Combine(Attempt(job, attempt), "failed.json");

    /// <summary>The folder in which supervisor and platform meet.</summary>
    public string Task(JobId job, int attempt, int rank) => Path.Combine(Attempt(job, attempt), Text(rank));

    public PersonLayout Person(int number) => new(Path.Combine(People, Text(number)));

    /// <summary>Attempts whose output folders are still there, running or not.</summary>
    public IEnumerable<AttemptOutput> AttemptsWithOutput(CancellationToken cancellationToken)
    {
        foreach (var owner in NumbersIn(People))
        {
            foreach (var folder in FoldersIn(Person(owner).Jobs))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!JobId.TryParse(Path.GetFileName(folder), out var job)) continue;
                foreach (var attempt in Person(owner).Outputs(job).Select(task => task.Attempt).Distinct()) yield return new AttemptOutput(job, owner, attempt);
            }
        }
    }

    /// <summary>Folders whose names are numbers; none where there is no such folder.</summary>
    public static IEnumerable<int> NumbersIn(string folder) => NumbersOf(FoldersIn(folder));

    /// <summary>Of those folders whose names are numbers.</summary>
    public static IEnumerable<int> NumbersOf(IEnumerable<string> folders)
    {
        foreach (var path in folders)
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) yield return number;
        }
    }

    /// <summary>None where there is no such folder, or a task has closed it to the platform, which must not stop what is done for others.</summary>
    private static string[] FoldersIn(string folder)
    {
        try
        {
            return Directory.GetDirectories(folder);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// One person's files. The folders on the way belong to the platform and only let the person through, so that nothing the platform
/// makes there can be turned elsewhere by a link; the last ones belong to the person.
/// </summary>
internal sealed class PersonLayout(string root)
{
    public const string OutputsName = "outputs";
    public const string CheckpointsName = "checkpoints";

    /// <summary>What outlives the machine in a backup.</summary>
    public static IReadOnlyList<string> Kept { get; } = [OutputsName, CheckpointsName];

    public string Root => root;

    public string Home => Path.Combine(root, "home");

    public string Jobs => Path.Combine(root, "jobs");

    public string Job(JobId job) => Path.Combine(Jobs, job.Value);

    public string CodeOf(JobId job) => Path.Combine(Job(job), "code");

    public string Code(JobId job, int attempt, int rank) => Path.Combine(CodeOf(job), $"{attempt}-{rank}");

    public string Checkpoints(JobId job) => Path.Combine(Job(job), CheckpointsName);

    public string Output(JobId job, int attempt, int rank) => Path.Combine(OutputsOf(job), StateLayout.Text(attempt), StateLayout.Text(rank));

    /// <summary>Tasks whose output folders are there.</summary>
    public IEnumerable<(int Attempt, int Rank)> Outputs(JobId job) => StateLayout.NumbersIn(OutputsOf(job)).SelectMany(attempt => OutputRanks(job, attempt).Select(rank => (attempt, rank)));

    public IEnumerable<int> OutputRanks(JobId job, int attempt) => StateLayout.NumbersIn(Path.Combine(OutputsOf(job), StateLayout.Text(attempt)));

    public string OutputsOf(JobId job) => Path.Combine(Job(job), OutputsName);

    /// <summary>What reports touches it; see <see cref="HangWatch"/>.</summary>
    public string Heartbeat(JobId job, int attempt, int rank) => Path.Combine(Temporary(job, attempt, rank), "heartbeat");

    /// <summary>Short, because a Unix socket in TMPDIR has at most 108 characters for its whole path.</summary>
    public string Temporary(JobId job, int attempt, int rank)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{job}-{attempt}-{rank}"), hash);
        return Path.Combine(root, "tmp", Convert.ToHexStringLower(hash[..5]));
    }
}
