namespace Convoy.Clusters.LocalProcesses;

/// <summary>The machine, or the folder given, cannot hold a local cluster; the message says what to do.</summary>
public sealed class LocalClusterException(string message) : Exception(message);
