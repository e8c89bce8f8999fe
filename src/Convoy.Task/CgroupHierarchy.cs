namespace Convoy.Supervision;

/// <summary>Where a controller is mounted and where in it this process is. Version 1, 2 and their mixture occur.</summary>
/// <param name="Root">Folder of the mount.</param>
/// <param name="Own">Folder of this process' group.</param>
internal sealed record CgroupHierarchy(bool IsUnified, string Root, string Own)
{
    private const string SupervisorsLeaf = "convoy-supervisors";
    private const uint LeafMode = 0x1ED; // 0755

    /// <summary>Path, below the mount of version 2, of a group that was set apart for tasks. The server's unit names it: in the group of a service that
    /// shares out controllers systemd could not start that service again while tasks live.</summary>
    private static readonly string? SetApart = Environment.GetEnvironmentVariable("CONVOY_TASKS_CGROUP");

    /// <summary>Null where the controller is not to be had.</summary>
    public static CgroupHierarchy? Of(string controller)
    {
        var mounts = Mount.All();
        var membership = CgroupFile.Lines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToList();
        var first = mounts.FirstOrDefault(mount => mount.Type == "cgroup" && mount.Options.Contains(controller));
        if (first is not null)
            return Place(false, first, membership.FirstOrDefault(parts => parts[1].Split(',').Contains(controller))?[2]);

        var unified = mounts.FirstOrDefault(mount => mount.Type == "cgroup2");
        if (unified is null || !Has(unified.Folder, "cgroup.controllers", controller)) return null;
        return Place(true, unified, membership.FirstOrDefault(parts => parts[0] == "0")?[2]);
    }

    /// <summary>Moves this process, and what it starts, to the group that was set apart for tasks, where there is one that lets it.</summary>
    public static void Enter()
    {
        if (SetApart is null || Mount.All().FirstOrDefault(mount => mount.Type == "cgroup2") is not { } unified) return;
        var leaf = Path.Combine(Below(unified.Folder, SetApart), SupervisorsLeaf);
        _ = Libc.MakeFolder(leaf, LeafMode);
        _ = CgroupFile.TryWrite(Path.Combine(leaf, "cgroup.procs"), "0");
    }

    /// <summary>
    /// Groups below which the task's may be made, the best first: one set apart for them, then our own, below which every limit set from outside holds too.
    /// In version 2 a group with processes in it cannot share out controllers. Where our own is the root that a container
    /// sees, its processes are moved to a leaf; else only the root of the hierarchy is left, which is exempt from the rule.
    /// </summary>
    public IEnumerable<string> Parents(string controller)
    {
        if (IsUnified && SetApart is not null && Below(Root, SetApart) is var given && Delegate(given, controller)) yield return given;
        if (!IsUnified || Delegate(Own, controller) || (Own == Root && MoveToLeaf() && Delegate(Own, controller))) yield return Own;
        if (Own != Root && (!IsUnified || Delegate(Root, controller))) yield return Root;
    }

    /// <summary>Makes the controller available to the children of a group; version 1 has it everywhere.</summary>
    public bool Delegate(string group, string controller) =>
        !IsUnified
        || Has(group, "cgroup.subtree_control", controller)
        || CgroupFile.TryWrite(Path.Combine(group, "cgroup.subtree_control"), $"+{controller}");

    private bool MoveToLeaf()
    {
        var leaf = Path.Combine(Own, SupervisorsLeaf);
        if (Libc.MakeFolder(leaf, LeafMode) < 0 && Libc.LastError != Libc.ErrorExists) return false;
        foreach (var pid in CgroupFile.Lines(Path.Combine(Own, "cgroup.procs"))) _ = CgroupFile.TryWrite(Path.Combine(leaf, "cgroup.procs"), pid);
        return true;
    }

    private static CgroupHierarchy? Place(bool isUnified, Mount mount, string? group)
    {
        if (group is null) return null;
        // A container without a cgroup namespace sees the host's path and has only its own part of it mounted.
        if (mount.Subtree != "/" && (group + "/").StartsWith(mount.Subtree + "/", StringComparison.Ordinal)) group = group[mount.Subtree.Length..];
        var own = Below(mount.Folder, group);
        return new CgroupHierarchy(isUnified, mount.Folder, Directory.Exists(own) ? own : mount.Folder);
    }

    private static string Below(string mount, string group) => Path.Combine(mount, group.TrimStart('/')).TrimEnd('/');

    private static bool Has(string group, string file, string controller) =>
        CgroupFile.Lines(Path.Combine(group, file)).Any(line => line.Split(' ').Contains(controller));

    /// <param name="Subtree">Which part of the file system is mounted.</param>
    private sealed record Mount(string Subtree, string Folder, string Type, IReadOnlyList<string> Options)
    {
        public static IReadOnlyList<Mount> All() => [.. CgroupFile.Lines("/proc/self/mountinfo").Select(Parse).OfType<Mount>()];

        /// <summary>See proc(5): fields, then optional ones up to a dash, then type, source and super options.</summary>
        private static Mount? Parse(string line)
        {
            var halves = line.Split(" - ", 2);
            if (halves.Length < 2) return null;
            var place = halves[0].Split(' ');
            var system = halves[1].Split(' ');
            return new Mount(place[3], place[4], system[0], system[^1].Split(','));
        }
    }
}
