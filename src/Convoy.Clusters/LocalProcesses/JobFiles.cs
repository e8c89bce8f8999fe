using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Removes what an ended job left in the platform's folders and in its owner's.</summary>
internal sealed class JobFiles(StateLayout layout, int? uid)
{
    private readonly PersonFolders folders = new(uid);

    public void Remove(JobId job, int ownerNumber, int attempts, JobParts parts)
    {
        var person = layout.Person(ownerNumber);
        if (parts.HasFlag(JobParts.Logs))
        {
            for (var attempt = 1; attempt <= attempts; attempt++) RemoveOurs(layout.Attempt(job, attempt));
        }

        if (parts.HasFlag(JobParts.Code)) RemoveAttempts(person.CodeOf(job), attempts);
        if (parts.HasFlag(JobParts.Outputs)) RemoveAttempts(person.OutputsOf(job), attempts);
        if (parts.HasFlag(JobParts.Checkpoints)) folders.Remove(person.Checkpoints(job));
    }

    /// <summary>Folders of which nothing is left.</summary>
    public void RemoveEmpty(JobId job, int ownerNumber)
    {
        var person = layout.Person(ownerNumber);
        foreach (var folder in (string[])[person.CodeOf(job), person.OutputsOf(job), person.Job(job), layout.Job(job)]) RemoveIfEmpty(folder);
    }

    /// <summary>What lies in a folder of the platform's: <c>ATTEMPT-RANK</c>, the person's own, or <c>ATTEMPT</c> with one such for each rank.</summary>
    private void RemoveAttempts(string passage, int attempts)
    {
        if (!Directory.Exists(passage)) return;
        foreach (var folder in Directory.EnumerateDirectories(passage).ToArray())
        {
            var name = Path.GetFileName(folder).Split('-');
            if (!int.TryParse(name[0], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) || attempt > attempts) continue;
            if (name.Length == 2)
            {
                folders.Remove(folder);
                continue;
            }

            foreach (var rank in Directory.EnumerateDirectories(folder).ToArray()) folders.Remove(rank);
            RemoveIfEmpty(folder);
        }
    }

    private static void RemoveOurs(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // An earlier try did it.
        }
    }

    private static void RemoveIfEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
    }
}
