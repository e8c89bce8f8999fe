using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>On what terms a job may have devices of one type.</summary>
/// <param name="IsInside">Wholly inside the nominal of the queue that it is charged at: it has a right to them.</param>
/// <param name="FitsNow">No quota stands against it.</param>
/// <param name="FitsSoon">None does once those have gone who are on their way out.</param>
/// <param name="Answer">The numbers of a waiting reason.</param>
internal readonly record struct QuotaTerms(bool IsInside, bool FitsNow, bool FitsSoon, QuotaAnswer Answer)
{
    public static QuotaTerms NoQuota => new(true, true, true, default);

    /// <summary>Whether more than a lack of devices stands against it.</summary>
    public bool IsQuotaShort => Answer.Verdict is QuotaVerdict.WaitingForQuota or QuotaVerdict.ExceedsQueueQuota or QuotaVerdict.Lent;
}
