using System.Text.Json.Serialization;
using Convoy.Cli.Simulation;
using Convoy.Cli.Verbs;
using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>What only the command line knows, as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ContextView))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(RevokedToken))]
[JsonSerializable(typeof(RemovedCluster))]
[JsonSerializable(typeof(SignedIn))]
[JsonSerializable(typeof(Versions))]
[JsonSerializable(typeof(DownloadedOutputs))]
[JsonSerializable(typeof(PushedDataset))]
[JsonSerializable(typeof(PulledDataset))]
[JsonSerializable(typeof(DatasetDiff))]
[JsonSerializable(typeof(RemovedTag))]
[JsonSerializable(typeof(DeletedDataset))]
[JsonSerializable(typeof(SimulationView))]
[JsonSerializable(typeof(SimulationListView))]
[JsonSerializable(typeof(ReplayView))]
internal sealed partial class CliJson : JsonSerializerContext;

internal sealed record RevokedToken(string Id, bool Revoked, int SchemaVersion = 1);

internal sealed record RemovedCluster(string Cluster, bool Removed, int SchemaVersion = 1);

internal sealed record SignedIn(string Context, string Server, string User, string Level, bool Administrator, int SchemaVersion = 1);

/// <param name="Server">Null where none is known or it does not answer.</param>
internal sealed record Versions(string Version, string? ServerUrl, VersionView? Server, int SchemaVersion = 1);

/// <param name="To">The file or folder.</param>
/// <param name="Unchanged">Of the files, those that were there already.</param>
/// <param name="LeftBehind">Entries that were asked for and that the platform could not keep.</param>
internal sealed record DownloadedOutputs(string Job, string Name, string To, long Files, long Bytes, long Unchanged, long LeftBehind, int SchemaVersion = 1);

/// <param name="IsNew">False where the newest version had the same files.</param>
/// <param name="NewFiles">Whose bytes no version had.</param>
internal sealed record PushedDataset(DatasetVersionView Version, bool IsNew, long NewFiles, long NewBytes, int PacksSent, long BytesSent, int SchemaVersion = 1);

/// <param name="Unchanged">Of the files, those that were there already.</param>
internal sealed record PulledDataset(string Dataset, string Version, string To, long Files, long Bytes, long Unchanged, int SchemaVersion = 1);

/// <param name="IsCut">There are more than these.</param>
internal sealed record DatasetDiff(string From, string To, IReadOnlyList<ChangedFile> Changes, bool IsCut, int SchemaVersion = 1);

/// <param name="Change">Added, Removed or Changed.</param>
internal sealed record ChangedFile(string Path, string Change, long? SizeBefore, long? SizeAfter);

internal sealed record RemovedTag(string Dataset, string Tag, bool Removed, int SchemaVersion = 1);

/// <param name="Version">Null where it was the whole data set.</param>
internal sealed record DeletedDataset(string Dataset, string? Version, bool Deleted, int SchemaVersion = 1);
