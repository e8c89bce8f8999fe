namespace Convoy.Core.Queues;

/// <summary>Whether a gang fits in its queue's quota, and on what terms.</summary>
public enum QuotaVerdict
{
    /// <summary>Wholly inside nominal, and nobody uses it.</summary>
    Inside,

    /// <summary>Wholly inside nominal, and borrowers use it: it fits once enough of them have gone.</summary>
    Lent,

    /// <summary>Not inside nominal; others' idle nominal has room, and every limit on the way allows it.</summary>
    Borrowing,

    /// <summary>Fits when others of the queue or other borrowers have ended.</summary>
    WaitingForQuota,

    /// <summary>Would not fit if nothing at all ran.</summary>
    ExceedsQueueQuota,

    /// <summary>Only the organisation's nominal, which is all capacity, stands against it: what is missing is devices.</summary>
    WaitingForDevices,
}

/// <summary>The answer to one question, with the numbers of a waiting reason. All counts are devices.</summary>
/// <param name="Queue">The queue whose nominal or limit decides; of several, the nearest to the gang's own.</param>
/// <param name="Needed">What the gang takes.</param>
/// <param name="Free">What there is room for now; for <see cref="QuotaVerdict.ExceedsQueueQuota"/>, what there would be if nothing ran.</param>
public readonly record struct QuotaAnswer(QuotaVerdict Verdict, int Queue, long Needed, long Free)
{
    /// <summary>The gang may start without anybody leaving for the quota's sake.</summary>
    public bool Fits => Verdict is QuotaVerdict.Inside or QuotaVerdict.Borrowing;

    /// <summary>The gang has a right to what it asks for.</summary>
    public bool IsInside => Verdict is QuotaVerdict.Inside or QuotaVerdict.Lent;
}
