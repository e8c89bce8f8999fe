namespace Convoy.Clusters.LocalProcesses;

/// <summary>What all jobs of the cluster share.</summary>
internal sealed record LocalMachine(
    LocalClusterOptions Options, StateLayout Layout, Preparation Preparation, RendezvousPorts Ports, ObservationJournal Journal, TimeProvider Time);
