using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Core.Queues;

/// <summary>What queues must be like to make a tree. Every problem is found, with its path such as <c>queues[3].parent</c>.</summary>
public static class QueueTreeValidator
{
    /// <summary>Levels of the tree, the organisation being the first.</summary>
    public const int MaxLevels = 16;
    public const int MaxWeight = 1_000_000;

    public static IReadOnlyList<SpecProblem> Problems(IReadOnlyList<QueueSpec> queues)
    {
        var problems = new List<SpecProblem>();
        for (var i = 0; i < queues.Count; i++) CheckQueue(queues[i], $"queues[{i}]");
        var index = CheckNames();
        var levels = CheckParents();
        CheckNominal();
        return problems;

        void Check(bool holds, string path, Text message)
        {
            if (!holds) problems.Add(new SpecProblem(path, "BadValue", message));
        }

        void CheckQueue(QueueSpec queue, string path)
        {
            Check(JobSpecValidator.IsDnsLabel(queue.Name), $"{path}.name", "must be 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last");
            Check(Enum.IsDefined(queue.Ordering), $"{path}.ordering", "must be one of fair, fifo, las");
            Check(queue.Weight is >= 1 and <= MaxWeight, $"{path}.weight", $"must be 1 to {MaxWeight}");
            for (var i = 0; i < queue.Members?.Count; i++) Check(queue.Members[i] is QueueSpec.Everybody || JobSpecValidator.IsDnsLabel(queue.Members[i]), $"{path}.members[{i}]", "must be a user's name, or \"*\"");
            foreach (var (type, quota) in queue.Quotas)
            {
                var at = $"{path}.quota.{type}";
                Check(JobSpecValidator.IsAcceleratorName(type), at, "an accelerator's name must be 1 to 63 of letters, digits, '.', '_' and '-'");
                Check(quota.Nominal is null or >= 0, $"{at}.nominal", "must not be negative");
                CheckLimit(queue, quota, quota.BorrowLimit, $"{at}.borrowLimit");
                CheckLimit(queue, quota, quota.LendLimit, $"{at}.lendLimit");
            }
        }

        void CheckLimit(QueueSpec queue, Quota quota, int? limit, string path)
        {
            Check(limit is null or >= 0, path, "must not be negative");
            if (limit is null) return;
            if (queue.Name == QueueTree.RootName) Check(false, path, $"'{QueueTree.RootName}' is the whole organisation and has nobody to borrow from or to lend to; remove it");
            else Check(quota.Nominal is not null, path, "needs a nominal beside it, which may be 0: a queue without one shares its parent's, and the parent's limits");
        }

        Dictionary<string, int> CheckNames()
        {
            var byName = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < queues.Count; i++)
            {
                if (!byName.TryAdd(queues[i].Name, i)) Check(false, $"queues[{i}].name", $"'{queues[i].Name}' comes twice; queues[{byName[queues[i].Name]}] has that name");
            }

            return byName;
        }

        // Level of every queue from which a path leads to the organisation; 0 for the others.
        int[] CheckParents()
        {
            for (var i = 0; i < queues.Count; i++)
            {
                if (queues[i].Parent is not { } parent) continue;
                if (queues[i].Name == QueueTree.RootName) Check(false, $"queues[{i}].parent", $"'{QueueTree.RootName}' is the whole organisation and has no parent; remove it");
                else if (parent != QueueTree.RootName && !index.ContainsKey(parent)) Check(false, $"queues[{i}].parent", $"there is no queue '{parent}'{Guess(parent)}");
            }

            var level = new int[queues.Count];
            var seen = new bool[queues.Count];
            for (var i = 0; i < queues.Count; i++)
            {
                var path = new List<int>();
                int? at = i;
                for (; at is { } queue && !seen[queue]; at = ParentOf(queue))
                {
                    seen[queue] = true;
                    path.Add(queue);
                }

                if (at is { } met && path.IndexOf(met) is >= 0 and var start) TellCircle(path[start..]);
                if (path.Count == 0) continue;
                var above = at is not { } known ? LevelsAbove(path[^1]) : level[known] > 0 ? level[known] : null;
                if (above is not { } levels) continue;
                for (var back = path.Count - 1; back >= 0; back--) level[path[back]] = ++levels;
            }

            for (var i = 0; i < queues.Count; i++)
            {
                // Those below it are deeper still, and not told of.
                Check(level[i] != MaxLevels + 1, $"queues[{i}].parent", $"is on level {MaxLevels + 1}, and a tree has at most {MaxLevels} with '{QueueTree.RootName}'");
            }

            return level;
        }

        void TellCircle(List<int> circle)
        {
            var first = circle.IndexOf(circle.Min());
            var names = circle[first..].Concat(circle[..first]).Append(circle[first]).Take(20).Select(each => queues[each].Name);
            Check(false, $"queues[{circle[first]}].parent", $"goes in a circle: {string.Join(" → ", names)}");
        }

        // A parent's nominal is divided among its children; promised twice, it would be nobody's right.
        void CheckNominal()
        {
            var promised = new OrderedDictionary<(int Owner, string Type), long>();
            for (var i = 0; i < queues.Count; i++)
            {
                if (levels[i] <= 1 || index[queues[i].Name] != i) continue;
                foreach (var (type, quota) in queues[i].Quotas)
                {
                    if (quota.Nominal is not { } nominal || nominal < 0 || OwnerAbove(i, type) is not { } owner) continue;
                    promised[(owner, type)] = promised.GetValueOrDefault((owner, type)) + nominal;
                }
            }

            foreach (var ((owner, type), sum) in promised)
            {
                var nominal = queues[owner].Quotas[type].Nominal!.Value;
                Check(sum <= nominal, $"queues[{owner}].quota.{type}.nominal", $"is {nominal}, and the queues below '{queues[owner].Name}' have {sum} together; raise it or lower theirs");
            }
        }

        Text Guess(string parent) => NearestWord.To(parent, index.Keys.Append(QueueTree.RootName)) is { } near ? (Text)$"; did you mean '{near}'?" : "";

        // Null where there is none in the list: a child of an organisation that is not listed, or an unknown parent.
        int? ParentOf(int queue)
        {
            if (queues[queue].Name == QueueTree.RootName) return null;
            return index.TryGetValue(queues[queue].Parent ?? QueueTree.RootName, out var parent) ? parent : null;
        }

        // Of a queue without a listed parent: the levels above it, or null where its parent is unknown.
        int? LevelsAbove(int top) => queues[top].Name == QueueTree.RootName ? 0 : (queues[top].Parent ?? QueueTree.RootName) == QueueTree.RootName ? 1 : null;

        int? OwnerAbove(int queue, string type)
        {
            for (var above = ParentOf(queue); above is { } at; above = ParentOf(at))
            {
                if (queues[at].Quotas.TryGetValue(type, out var quota) && quota.Nominal is not null) return at;
            }

            return null;
        }
    }
}
