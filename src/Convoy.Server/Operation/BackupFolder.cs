using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Languages;

namespace Convoy.Server.Operation;

/// <summary>What a backup says of itself. Written last: a folder without one is none.</summary>
/// <param name="Database">SHA-256 of the database's file, lower-case hexadecimal.</param>
/// <param name="From">The state folder it was made of.</param>
/// <param name="LeftOut">Files that could not be read.</param>
public sealed record BackupManifest(DateTimeOffset MadeAt, string Version, string From, string Host, string Database, int Objects, long LeftOut, int SchemaVersion = BackupManifest.CurrentSchemaVersion)
{
    public const int CurrentSchemaVersion = 2;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;

/// <summary>Where everything lies in a backup, which is laid out as the state folder is.</summary>
public sealed class BackupFolder(string path)
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.GetFullPath(path);

    public string Manifest => Path.Combine(Root, "manifest.json");

    public string Server => Path.Combine(Root, "server");

    public string Database => Path.Combine(Server, "convoy.db");

    public string Objects => Path.Combine(Server, "objects");

    public string Cluster => Path.Combine(Root, "cluster");

    /// <summary>Small files beside the database without which nobody could sign in, and no task report.</summary>
    public static IReadOnlyList<string> Secrets { get; } = ["report.key", "admin.token"];

    public static string ObjectIn(string objects, string sha256) => Path.Combine(objects, sha256[..2], sha256);

    public BackupManifest? ReadManifest()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Manifest), BackupJson.Default.BackupManifest);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public void WriteManifest(BackupManifest manifest) => StateFolder.WriteSecret(Manifest, JsonSerializer.Serialize(manifest, BackupJson.Default.BackupManifest));

    public static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }
}

/// <summary>A backup cannot be made or used; the message says why and what to do.</summary>
public sealed class BackupException(Text explanation, Exception? inner = null) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}
