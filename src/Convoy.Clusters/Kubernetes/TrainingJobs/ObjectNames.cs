using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>How objects are called and marked. Names hold the job's id, so that no two jobs meet; they are DNS labels, as hosts bear them too.</summary>
internal static class ObjectNames
{
    public const string JobIdLabel = "convoy.dev/job-id";
    public const string JobNameLabel = "convoy.dev/job-name";
    public const string AttemptLabel = "convoy.dev/attempt";
    public const string RankLabel = "convoy.dev/rank";
    public const string RoleLabel = "convoy.dev/role";
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    /// <summary>On a namespace: whose it is. On objects: who submitted the job.</summary>
    public const string OwnerLabel = "convoy.dev/owner";

    /// <summary>Keeps a task's pod in sight until how it ended is written down.</summary>
    public const string TaskFinalizer = "convoy.dev/task";

    /// <summary>Keeps a TrainingJob that is being deleted until its tasks have ended.</summary>
    public const string JobFinalizer = "convoy.dev/job";

    /// <summary>What a GPU node is tainted with that is Convoy's alone.</summary>
    public const string DedicatedTaint = "convoy.dev/dedicated";

    private const int LongestLabel = 63;
    private const int LongestJobName = 30;

    public static string Job(Assignment decision) => $"{Cut(decision.Spec.Name, LongestJobName)}-{decision.JobId}";

    public static string Pod(Assignment decision, int rank) => $"{Job(decision)}-{Text(decision.Attempt)}-{Text(rank)}";

    /// <summary>The service under which the attempt's pods find each other, and the secret they share.</summary>
    public static string Attempt(Assignment decision) => $"{Job(decision)}-{Text(decision.Attempt)}";

    /// <summary>A person's name is no DNS label as a rule: what does not fit is replaced, and a hash keeps two people apart. The first that is free is theirs.</summary>
    public static IReadOnlyList<string> Namespaces(string prefix, string owner)
    {
        var plain = string.Concat(owner.ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' ? c : '-')).Trim('-');
        var room = LongestLabel - prefix.Length;
        var whole = prefix + plain;
        var isWhole = plain == owner && plain.Length <= room;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)))[..8];
        plain = Cut(plain, room - hash.Length - 1);
        var hashed = plain.Length == 0 ? prefix + hash : $"{prefix}{plain}-{hash}";
        return isWhole ? [whole, hashed] : [hashed];
    }

    /// <summary>A label's value is 63 characters of few kinds; what people are called may be anything.</summary>
    public static string LabelValue(string text)
    {
        var plain = Cut(string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')), LongestLabel);
        return plain.Trim('-', '_', '.');
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length].TrimEnd('-');

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
