using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Json;

namespace Convoy.Store.Sqlite;

/// <summary>Jobs and events as they lie in the database.</summary>
internal static class StoredJson
{
    public static string Of(Job job) => JsonSerializer.Serialize(job, CoreJson.Default.Job);

    public static string Of(JobEvent happened) => JsonSerializer.Serialize(happened, CoreJson.Default.JobEvent);

    public static Job Job(string body) => JsonSerializer.Deserialize(body, CoreJson.Default.Job) ?? throw Empty();

    public static JobEvent Event(string body) => JsonSerializer.Deserialize(body, CoreJson.Default.JobEvent) ?? throw Empty();

    private static StoreException Empty() => new(StoreFault.Damaged, "a stored record is empty");
}
