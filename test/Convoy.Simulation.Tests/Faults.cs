namespace Convoy.Simulation.Tests;

internal enum Fault
{
    /// <summary>A question to the store fails.</summary>
    ReadFails,

    /// <summary>A commit fails and nothing of it was stored.</summary>
    CommitLost,

    /// <summary>A commit fails although it was stored.</summary>
    CommitUnanswered,

    /// <summary>The store answers nothing for a while.</summary>
    StoreOutage,

    /// <summary>The wishes do not reach the cluster.</summary>
    ApplyLost,

    /// <summary>The cluster takes the wishes, and its answer does not come back.</summary>
    ApplyUnanswered,

    /// <summary>The wishes reach the cluster long after who sent them has given up, perhaps after it was killed.</summary>
    ApplyLate,

    /// <summary>The wishes reach the cluster a second time, later.</summary>
    ApplyRepeated,

    RefusedForGood,
    RefusedForNow,
    ObserveFails,
    ObservationsLate,
    ObservationsRepeated,

    /// <summary>Later observations come with a report before earlier ones.</summary>
    ObservationsEarly,

    /// <summary>The cluster's observer begins another life.</summary>
    ClusterRestarts,

    NodeLost,
    NodeUnwell,
    StartSlow,
    TaskFails,
    TaskKilled,
    DeviceError,
    TaskHangs,
    SupervisorLost,

    /// <summary>Who asked the server hangs up before the answer.</summary>
    HangUp,

    ServerKilled,
}

/// <summary>How often things go wrong. Every seed has its own mixture: what some faults hide, others show.</summary>
internal sealed class Faults
{
    private static readonly Dictionary<Fault, int> UsualPermille = new()
    {
        [Fault.ReadFails] = 10,
        [Fault.CommitLost] = 30,
        [Fault.CommitUnanswered] = 30,
        [Fault.StoreOutage] = 10,
        [Fault.ApplyLost] = 50,
        [Fault.ApplyUnanswered] = 50,
        [Fault.ApplyLate] = 50,
        [Fault.ApplyRepeated] = 50,
        [Fault.RefusedForGood] = 30,
        [Fault.RefusedForNow] = 50,
        [Fault.ObserveFails] = 30,
        [Fault.ObservationsLate] = 50,
        [Fault.ObservationsRepeated] = 50,
        [Fault.ObservationsEarly] = 50,
        [Fault.ClusterRestarts] = 3,
        [Fault.NodeLost] = 3,
        [Fault.NodeUnwell] = 3,
        [Fault.StartSlow] = 30,
        [Fault.TaskFails] = 50,
        [Fault.TaskKilled] = 20,
        [Fault.DeviceError] = 20,
        [Fault.TaskHangs] = 50,
        [Fault.SupervisorLost] = 20,
        [Fault.HangUp] = 50,
        [Fault.ServerKilled] = 8,
    };

    private readonly Dictionary<Fault, int> permille;
    private readonly Random random;

    public Faults(Random random)
    {
        this.random = random;
        int[] factors = [0, 1, 1, 4];
        permille = Enum.GetValues<Fault>().ToDictionary(fault => fault, fault => UsualPermille[fault] * factors[random.Next(factors.Length)]);
    }

    public bool AreOn { get; set; } = true;

    public bool StoreIsOut { get; set; }

    public bool Happens(Fault fault) => AreOn && random.Next(1000) < permille[fault];

    public override string ToString() => string.Join(' ', permille.Where(rate => rate.Value > 0).Select(rate => $"{rate.Key}={rate.Value}"));
}
