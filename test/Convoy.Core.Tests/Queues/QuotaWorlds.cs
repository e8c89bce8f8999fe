using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

/// <summary>Random sound trees: every queue's parent is an earlier one, and a child's nominal is cut from what its pool has left.</summary>
internal static class QuotaWorlds
{
    public const long Capacity = 24;
    public static readonly string[] Types = ["A100", "V100"];

    private static readonly Gen<(int Parent, int Nominal, int? Borrow, int? Lend)> Seeds =
        Gen.Select(Gen.Int[0, 5], Gen.Int[-4, 12], Gen.OneOf<int?>(null, null, 0, 1, 3, 6), Gen.OneOf<int?>(null, null, 0, 1, 3, 6));

    public static readonly Gen<QueueSpec[]> Teams = Gen.Select(Gen.Int[-1, 30], Gen.Select(Seeds, Seeds).Array[0, 6], (root, seeds) =>
    {
        var queues = new List<QueueSpec>();
        if (root >= 0) queues.Add(new QueueSpec("default") { Quotas = new Dictionary<string, Quota> { ["A100"] = new(root) } });
        for (var i = 0; i < seeds.Length; i++)
        {
            var parent = seeds[i].Item1.Parent % (i + 1) == 0 ? "default" : $"q{(seeds[i].Item1.Parent % (i + 1)) - 1}";
            var quotas = new Dictionary<string, Quota>();
            foreach (var (type, seed) in Types.Zip([seeds[i].Item1, seeds[i].Item2]))
            {
                var left = new NaiveQuota([.. queues], type, Capacity, []) is var naive ? naive.Right(naive.PoolOf(parent)) : 0;
                if (seed.Nominal >= 0) quotas[type] = new Quota((int)Math.Min(seed.Nominal, left), seed.Borrow, seed.Lend);
            }

            queues.Add(new QueueSpec($"q{i}", parent) { Quotas = quotas });
        }

        return queues.ToArray();
    });

    /// <summary>Charges by queue, type and devices; "alice" has no settings. A negative count refunds an earlier charge.</summary>
    public static readonly Gen<(int Queue, int Type, int Devices)[]> Steps = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 1], Gen.Int[-6, 9]).Array[0, 14];

    public static string NameOf(QueueSpec[] queues, int pick) => pick == 7 ? "alice" : pick == 6 ? "default" : queues.Length == 0 ? "default" : queues[pick % queues.Length].Name;
}
