using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Store;

namespace Convoy.Server.Operation;

/// <summary>How far what jobs left has been removed, for who is asked for it.</summary>
public sealed class RetentionMarks(ServerOptions options)
{
    private IReadOnlyDictionary<string, EndMark> marks = new Dictionary<string, EndMark>();

    public IReadOnlyDictionary<string, EndMark> All
    {
        get => Volatile.Read(ref marks);
        set => Volatile.Write(ref marks, value);
    }

    public EndMark Of(KeptKind kind) => All.GetValueOrDefault(Retention.NameOf(kind)) ?? EndMark.Start;

    /// <summary>Whether what the job left of that kind was removed because it had been kept for long enough.</summary>
    public bool HasRemoved(KeptKind kind, Job job) => job.Phase.IsFinished() && Of(kind).Covers(job);

    /// <summary>For how long that is, in words.</summary>
    public Text TimeOf(KeptKind kind) => options.Retention.Kept[kind] is { } kept ? Text.Verbatim(DurationText.Format(kept)) : "a time that an administrator had set";
}
