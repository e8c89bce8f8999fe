using Convoy.Core.Documents;
using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.Server.Operation;

/// <summary>What a finished job leaves behind, each kept for a time of its own.</summary>
public enum KeptKind
{
    Logs,

    /// <summary>The folders in which tasks ran, and archives that no job needs any more.</summary>
    Code,
    Outputs,
    Checkpoints,
    Events,
    Metrics,

    /// <summary>The job itself, with all that is left of it.</summary>
    Jobs,
}

/// <summary>How long each kind is kept after the end of its job; null is for ever.</summary>
public sealed record Retention
{
    public const string Forever = "forever";

    private Retention(IReadOnlyDictionary<KeptKind, TimeSpan?> kept) => Kept = kept;

    public static Retention Default { get; } = new(new Dictionary<KeptKind, TimeSpan?>
    {
        [KeptKind.Logs] = TimeSpan.FromDays(30),
        [KeptKind.Code] = TimeSpan.FromDays(30),
        [KeptKind.Outputs] = TimeSpan.FromDays(90),
        [KeptKind.Checkpoints] = TimeSpan.FromDays(30),
        [KeptKind.Events] = TimeSpan.FromDays(180),
        [KeptKind.Metrics] = TimeSpan.FromDays(180),
        [KeptKind.Jobs] = TimeSpan.FromDays(365),
    });

    public IReadOnlyDictionary<KeptKind, TimeSpan?> Kept { get; }

    public Retention With(KeptKind kind, TimeSpan? kept) => new(new Dictionary<KeptKind, TimeSpan?>(Kept) { [kind] = kept });

    /// <summary>Such as <c>logs=30d,outputs=forever</c>; what is not named stays as it is. Null, and an error, where it is wrong.</summary>
    public Retention? With(string text, string option, List<Text> errors)
    {
        var next = this;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var left, var right] ? (left, right) : (part, "");
            TimeSpan? kept = DurationText.TryParse(value, out var time) ? time : null;
            if (NameOf(name, option, errors) is not { } kind) return null;
            if (kept is null && value != Forever)
            {
                errors.Add($"{option} {name} takes a duration such as 30d, or {Forever}, not '{value}'");
                return null;
            }

            next = next.With(kind, kept);
        }

        return next;
    }

    public static string NameOf(KeptKind kind) => kind.ToString().ToLowerInvariant();

    private static KeptKind? NameOf(string name, string option, List<Text> errors)
    {
        var names = Enum.GetValues<KeptKind>().Select(NameOf).ToArray();
        var at = Array.IndexOf(names, name);
        if (at >= 0) return (KeptKind)at;
        var guess = NearestWord.To(name, names) is { } near ? (Text)$"; did you mean {near}?" : "";
        errors.Add($"{option} knows no '{name}'{guess}; it takes KIND=TIME, with {string.Join(", ", names)}");
        return null;
    }
}
