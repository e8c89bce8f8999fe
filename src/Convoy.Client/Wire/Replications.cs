using Convoy.Core.Languages;

namespace Convoy.Client.Wire;

/// <summary>An object store in which data sets lie.</summary>
/// <param name="PriceOut">What a GB (10⁹ bytes) costs that leaves it, in the currency in which its operator counts.</param>
/// <param name="Lock">For how long nothing is removed that came there, such as <c>30d</c>; null where it may be at once.</param>
/// <param name="IsHome">In which everything is that is published.</param>
/// <param name="IsNear">From which the local cluster reads.</param>
public sealed record ObjectStoreView(string Name, string? Region, decimal PriceOut, string? Lock, bool IsHome, bool IsNear);

public sealed record ObjectStoreListView(IReadOnlyList<ObjectStoreView> Items, int SchemaVersion = 1);

/// <summary>Asks for a copy of a version.</summary>
/// <param name="Version">A version or a tag; null is the newest.</param>
/// <param name="Within">How soon after its publication every version that follows is to be there, such as <c>1h</c>; null is at once.</param>
/// <param name="Once">This version alone, and none that follows.</param>
/// <param name="DryRun">Says what it would take, and does nothing.</param>
public sealed record ReplicationRequest(string Store, string? Version = null, string? Within = null, bool Once = false, bool DryRun = false);

/// <summary>What a copy takes, before it is begun.</summary>
/// <param name="Packs">Of the version.</param>
/// <param name="MissingPacks">Of these, those that the store has not: they travel.</param>
/// <param name="Cost">What the bytes that travel cost where they leave.</param>
/// <param name="IsBegun">False for a dry run.</param>
public sealed record ReplicationPlanView(string Dataset, string Version, string Store, long Packs, long Bytes, long MissingPacks, long MissingBytes, decimal Cost, bool IsBegun, int SchemaVersion = 1);

/// <summary>A version that is to be in a store, or is.</summary>
/// <param name="State">Whole, Copying, Waiting or Stuck.</param>
/// <param name="Bytes">Of its packs.</param>
/// <param name="CopiedBytes">Of these, what is there.</param>
/// <param name="Rate">Bytes a second; null where none come now.</param>
/// <param name="LeftS">Seconds, at that rate.</param>
/// <param name="Problem">Why it could not go on last time; administrators are told all of it.</param>
public sealed record ReplicationView(
    string Version, string Store, string State, long Bytes, long CopiedBytes, double? Rate, double? LeftS, DateTimeOffset AskedAt, DateTimeOffset DueAt, DateTimeOffset? WholeAt, Text? Problem);

/// <summary>Where every version goes that is published.</summary>
/// <param name="Within">How soon after its publication, such as <c>1h</c>.</param>
public sealed record CopyPolicyView(string Store, string Within, string By, DateTimeOffset At);

/// <param name="Next">Give it as <c>before</c> to read on; null at the end.</param>
public sealed record ReplicationListView(IReadOnlyList<ReplicationView> Items, IReadOnlyList<CopyPolicyView> Policies, string? Next, int SchemaVersion = 1) : IListView<ReplicationView>;
