using System.Globalization;
using System.Text;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>Where the snapshots of plans that went wrong are kept, the newest few, for who looks for the mistake.</summary>
public sealed partial class SnapshotFolder(string path, ILogger<SnapshotFolder> log)
{
    private const int MostKept = 20;

    /// <summary>The file; null where the disk would not take it. Scheduling goes on without it.</summary>
    public string? Keep(PlanningCase planning)
    {
        var file = Path.Combine(path, $"{planning.Now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss.fffffff'Z'", CultureInfo.InvariantCulture)}-violation.json");
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var old in Directory.GetFiles(path, "*-violation.json").OrderDescending(StringComparer.Ordinal).Skip(MostKept - 1)) File.Delete(old);
            StateFolder.WriteSecret(file, Encoding.UTF8.GetString(planning.ToJson()));
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(log, e, file);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The snapshot could not be kept in {File}")]
    private static partial void LogNotKept(ILogger log, Exception exception, string file);
}
