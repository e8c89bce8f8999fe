using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Client.Tests.JobFiles;

/// <summary>Valid specs with whatever text a spec may hold.</summary>
internal static class Specs
{
    private const string Alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>Text that a writer of YAML is likely to get wrong.</summary>
    private static readonly string[] Awkward =
    [
        "", " ", "  x", "x  ", "~", "null", "NULL", "true", "False", "yes", "no", "on", "off", "y", "0", "007", "0x1f", "1e3", ".inf", ".nan", "-.5", "1_000", "2..8", "12:30", "2026-01-31",
        "- a", "-", "?", "? a", ":", ": a", "a: b", "a:", "#", "a #b", "&a", "*a", "!a", "!!str", "|", ">", "%a", "@a", "`a", "{", "}", "[", "]", ",", "a, b", "'", "\"", "\\", "\\n", "it's",
        "---", "...", "--- a", "<<", "=", "\n", "\r\n", "a\nb", "\ta", "a\tb", "a\n\n  b\n", "\x85", "\xA0", "\x7F", "\x1B[31m", "\u2028", "\u2029", "\uFEFF", "\uFFFD", "\uFFFE", "车道线检测", "🚂", "\U0010FFFF", "e\u0301",
    ];

    private static readonly Gen<string> AnyCharacter = Gen.OneOf(
        Gen.Char[' ', '~'].Select(c => c.ToString()),
        Gen.Char['\u0001', '\u001F'].Select(c => c.ToString()),
        Gen.Int[0x80, 0xD7FF].Select(char.ConvertFromUtf32),
        Gen.Int[0xE000, 0x10FFFF].Select(char.ConvertFromUtf32));

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Words.Of(Awkward),
        AnyCharacter.Array[0, 12].Select(parts => string.Concat(parts)),
        Gen.Select(Words.Of(Awkward), Words.Of(Awkward), (a, b) => a + b));

    private static readonly Gen<string> DnsLabel = Gen.Select(Gen.Char["abcxyz0189"], Gen.String[Gen.Char["abcxyz0189-"], 0, 20], Gen.Char["abcxyz0189"], (a, b, c) => $"{a}{b}{c}");

    private static readonly Gen<string> LabelPart = Gen.Select(Gen.Char[Alphanumeric], Gen.String[Gen.Char[Alphanumeric + "._-"], 0, 20], Gen.Char[Alphanumeric], (a, b, c) => $"{a}{b}{c}");

    private static readonly Gen<string> VariableName = Gen.Select(Gen.Char["abcxyzABCXYZ_"], Gen.String[Gen.Char[Alphanumeric + "_"], 0, 20], (a, b) => $"{a}{b}")
        .Where(name => !name.StartsWith("CONVOY_", StringComparison.Ordinal));

    private static readonly Gen<TimeSpan> Duration = Gen.OneOf(Gen.Int[1, 100_000].Select(ms => TimeSpan.FromMilliseconds(ms)), Gen.Int[1, 36_500].Select(days => TimeSpan.FromDays(days)));

    private static readonly Gen<ResourceSpec> Resources = Gen.Select(
        Gen.Int[0, 1024],
        Distinct(LabelPart, 4),
        Gen.Long[0, 1_000_000],
        Gen.OneOf(Gen.Long[0, 128L << 40], Gen.Long[0, 1 << 20].Select(mebibytes => mebibytes << 20)),
        Gen.Int[0, 8],
        (gpu, accelerators, cpu, memory, rdma) => new ResourceSpec { Gpu = gpu, Accelerators = accelerators, Cpu = new CpuQuantity(cpu), Memory = new ByteSize(memory), Rdma = rdma });

    private static readonly Gen<TopologySpec?> Topology = Gen.Select(Gen.Enum<TopologyLevel>(), Gen.Int[0, 2], (level, kind) => kind switch
    {
        0 => new TopologySpec { Required = level },
        1 => new TopologySpec { Preferred = level },
        _ => null,
    });

    private static readonly Gen<string[]> Command = Gen.Select(AnyText.Where(word => word.Length > 0), AnyText.Array[0, 5], (program, rest) => (string[])[program, .. rest]);

    private static readonly Gen<RoleSpec> Role = Gen.Select(Gen.Int[1, 10_000], Command, Resources, (replicas, command, resources) =>
        new RoleSpec { Replicas = new Replicas(replicas, replicas), Command = command, Resources = resources });

    private static readonly Gen<IReadOnlyDictionary<string, RoleSpec>> Roles = Gen.Select(
        Distinct(Words.Of([.. RoleOrder.Names]), 4).Where(names => names.Count > 0),
        Role.Array[4],
        (names, roles) => (IReadOnlyDictionary<string, RoleSpec>)names.Zip(roles).ToDictionary(pair => pair.First, pair => pair.Second));

    public static Gen<JobSpec> Any { get; } = Gen.Select(
        Gen.Select(DnsLabel, DnsLabel.Null(), Words.Of(JobPriority.Low, JobPriority.Normal, JobPriority.High), Words.Of(Framework.Command, Framework.Pytorch), Roles),
        Gen.Select(Gen.OneOf(Words.Of<CodeSpec?>(null, new CodeSpec { Archive = new string('a', 64) }), AnyText.Where(text => text.Length > 0).Select(folder => (CodeSpec?)new CodeSpec { Workdir = folder })), Map(VariableName, AnyText)),
        Gen.Select(AnyText.Where(text => !text.Any(char.IsControl)).Select(text => "/" + text).Null(), Words.Of("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"), Gen.Int[0, 3_600_000]),
        Gen.Select(Gen.Int[0, 1000], Distinct(Gen.Int[1, 255], 5), Topology),
        Gen.Select(Gen.Bool, Distinct(DnsLabel, 3).Where(names => names.Count > 0), Duration.Nullable(), Map(LabelPart, Gen.OneOf(LabelPart, Words.Of(""))), AnyText.Where(text => text.Length > 0 && !text.Any(char.IsControl)).Null()),
        (head, program, checkpoint, recovery, rest) => new JobSpec
        {
            Name = head.Item1,
            Queue = head.Item2,
            Priority = head.Item3,
            Framework = head.Item4,
            Roles = head.Item5,
            Code = program.Item1,
            Env = program.Item2,
            Checkpoint = new CheckpointSpec { Path = checkpoint.Item1, Signal = checkpoint.Item2, Grace = TimeSpan.FromMilliseconds(checkpoint.Item3) },
            Recovery = new RecoverySpec { MaxRestarts = recovery.Item1, RetryExitCodes = recovery.Item2 },
            Preemptible = rest.Item1,
            Placement = new PlacementSpec { Clusters = rest.Item2, Topology = recovery.Item3 },
            Limits = new LimitsSpec { MaxDuration = rest.Item3 },
            Labels = rest.Item4,
            DisplayName = rest.Item5,
        }).SelectMany(spec => Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[1, 600_000], (isInteractive, terminal, seconds) => isInteractive ? Interactive(spec, terminal, TimeSpan.FromSeconds(seconds)) : spec));

    private static JobSpec Interactive(JobSpec spec, bool terminal, TimeSpan idle)
    {
        var (name, role) = spec.Roles.First();
        return spec with
        {
            Framework = Framework.Command,
            Roles = new Dictionary<string, RoleSpec> { [name] = role with { Replicas = new Replicas(1, 1) } },
            Recovery = spec.Recovery with { MaxRestarts = 0 },
            Interactive = new InteractiveSpec { Terminal = terminal, IdleTimeout = idle },
        };
    }

    private static Gen<IReadOnlyList<T>> Distinct<T>(Gen<T> item, int most) => item.Array[0, most].Select(items => (IReadOnlyList<T>)[.. items.Distinct()]);

    private static Gen<IReadOnlyDictionary<string, string>> Map(Gen<string> key, Gen<string> value) =>
        Gen.Select(key, value).Array[0, 6].Select(pairs => (IReadOnlyDictionary<string, string>)pairs.DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2));
}
